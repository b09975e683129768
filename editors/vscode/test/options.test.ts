import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { KEYS, optionsFrom } from '../src/options';

interface Manifest {
  readonly contributes: { readonly configuration: { readonly properties: Record<string, { readonly scope?: string }> } };
}

describe('options', () => {
  it('are the defaults of the server where nothing is set', () => {
    assert.deepEqual(optionsFrom(() => undefined), {
      'diagnostic-mode': 'open-files',
      'configuration-preference': 'filesystem-first',
      settings: {},
    });
  });

  it('hold what is set, also where it is empty or false, by the names of the configuration file', () => {
    const set: Record<string, unknown> = { ignore: [], respectGitignore: false, perFileIgnores: { 'a*': ['x'] }, diagnosticMode: 'workspace' };
    assert.deepEqual(optionsFrom((name) => set[name]), {
      'diagnostic-mode': 'workspace',
      'configuration-preference': 'filesystem-first',
      settings: { ignore: [], 'respect-gitignore': false, 'per-file-ignores': { 'a*': ['x'] } },
    });
  });

  it('ask for inlay hints where they are wanted, and do not name them elsewhere', () => {
    const given = (inlayHints: unknown): unknown => optionsFrom((name) => (name === 'inlayHints' ? inlayHints : undefined))['inlay-hints'];
    assert.deepEqual([true, false, undefined, 'yes'].map(given), [true, undefined, undefined, undefined]);
  });

  it('are all declared, each with a scope', () => {
    const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
    const { properties } = manifest.contributes.configuration;
    const names = [...Object.keys(KEYS), 'enable', 'path', 'diagnosticMode', 'configurationPreference', 'inlayHints', 'trace.server'];
    assert.deepEqual(Object.keys(properties).sort(), names.map((name) => `sqla-lsp.${name}`).sort());
    assert.ok(Object.values(properties).every(({ scope }) => scope !== undefined));
  });
});
