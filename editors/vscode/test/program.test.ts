import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { after, describe, it } from 'node:test';
import { ended, endedByItself, isAlive, started } from '../src/program';

const folder = mkdtempSync(path.join(tmpdir(), 'sqla lsp ')); // with a space
after(() => {
  rmSync(folder, { recursive: true });
});

function script(name: string, ...lines: string[]): string {
  const program = path.join(folder, name);
  writeFileSync(program, `#!/bin/sh\n${lines.join('\n')}\n`, { mode: 0o755 });
  return program;
}

describe('a program', () => {
  it('is started in its folder, with what it is told', async () => {
    const child = await started(script('says', 'echo "$*" in "$PWD"'), folder);
    const said = (await child.stdout.toArray()).join('');
    assert.equal(said, `server in ${realpathSync(folder)}\n`);
  });

  it('is started elsewhere where the folder is gone', async () => {
    const child = await started(script('lives', 'exit 0'), path.join(folder, 'gone'));
    await endedByItself(child);
    assert.equal(child.exitCode, 0);
  });

  it('that is not there is an error', async () => {
    await assert.rejects(started(path.join(folder, 'nothing'), folder), /ENOENT/);
    await assert.rejects(started(folder, folder), /EACCES/);
  });

  it('ends when it is told to', async () => {
    const child = await started(script('sleeps', 'exec sleep 60'), folder);
    assert.ok(isAlive(child));
    await ended(child);
    assert.equal(child.signalCode, 'SIGTERM');
    await ended(child);
  });

  it('ends also where it does not want to', async () => {
    const child = await started(script('stays', "trap '' TERM", 'echo ready', 'while :; do sleep 0.1; done'), folder);
    await new Promise((resolve) => child.stdout.once('data', resolve));
    await endedByItself(child, 100);
    assert.equal(child.signalCode, 'SIGKILL');
  });
});
