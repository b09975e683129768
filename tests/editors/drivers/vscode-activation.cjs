// What the extension host runs in each workspace of vscode-activation.mjs. The folder's name is in SQLA_LSP_EXPECTED, with what is
// expected there: `runs` (there is a server), `waits` (the extension is awake, and has started nothing) or `sleeps`.
const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const vscode = require('vscode');

const LONG_ENOUGH = 4000;

function servers() {
  const all = execFileSync('ps', ['-eo', 'ppid=,args='], { encoding: 'utf8' }).split('\n').map((line) => line.trim());
  return all.filter((line) => line.startsWith(`${process.pid} `) && line.endsWith('sqla-lsp server')).length;
}

async function until(what, happened) {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; ) {
    if (await happened()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`gave up waiting for ${what}`);
}

exports.run = async () => {
  const [{ name, uri }] = vscode.workspace.workspaceFolders;
  const expected = JSON.parse(process.env.SQLA_LSP_EXPECTED)[name];
  const extension = vscode.extensions.getExtension('sqla-lsp.sqla-lsp');
  if (expected !== 'runs') {
    await new Promise((resolve) => setTimeout(resolve, LONG_ENOUGH));
    assert.equal(servers(), 0);
    assert.equal(extension.isActive, expected === 'waits');
    if (expected === 'waits') {
      await vscode.window.showTextDocument(vscode.Uri.joinPath(uri, 'tool.py')); // which imports SQLAlchemy
    } else {
      await vscode.commands.executeCommand('sqla-lsp.restart');
    }
  }
  await until(`a server for ${name}`, () => servers() === 1);
  assert.ok(extension.isActive);
  console.log(`passed ${name}: ${expected}`);
};
