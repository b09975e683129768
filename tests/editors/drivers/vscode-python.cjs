// What the extension host runs beside a stand-in for the Python extension, which has the part of its API that is asked for. The server
// comes from the environment that is chosen there, and changes with it. SQLA_LSP_ENVIRONMENTS are two folders.
const assert = require('node:assert/strict');
const vscode = require('vscode');

const [first, second, file] = JSON.parse(process.env.SQLA_LSP_ENVIRONMENTS);

async function state(wanted) {
  let text;
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; ) {
    await vscode.commands.executeCommand('sqla-lsp.debugInformation');
    text = vscode.window.activeTextEditor.document.getText();
    if (text.includes(`- server: ${wanted}\n`) && text.includes('state: ready')) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`gave up waiting for the server ${wanted}; there is\n${text}`);
}

exports.run = async () => {
  const python = vscode.extensions.getExtension('ms-python.python');
  assert.ok(python, 'the stand-in is not installed');
  await vscode.window.showTextDocument(vscode.Uri.file(file));
  await state(`${first}/bin/sqla-lsp, from the environment chosen in the Python extension`);
  python.exports.choose(`${second}/bin/python`);
  await state(`${second}/bin/sqla-lsp, from the environment chosen in the Python extension`);
  python.exports.choose('python');
  await state(`${process.env.HOME}/.local/bin/sqla-lsp, from uv tool or pipx`);
  console.log('passed the choice of the Python extension');
};
