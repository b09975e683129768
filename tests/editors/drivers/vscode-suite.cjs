// What VS Code's extension host runs. SQLA_LSP_FILE is the migration that is opened, SQLA_LSP_STEPS names what is done with it;
// SQLA_LSP_FIX is the title of a fix.
const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const vscode = require('vscode');

const { SQLA_LSP_FILE: file, SQLA_LSP_FIX: title, SQLA_LSP_RULE: rule } = process.env;
const uri = vscode.Uri.file(file);
const findings = (at = uri) => vscode.languages.getDiagnostics(at).filter((diagnostic) => diagnostic.source === 'sqla-lsp');

async function until(what, happened, patience = 30_000, step = 5) {
  for (const deadline = Date.now() + patience; Date.now() < deadline; ) {
    const value = await happened();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, step));
  }
  throw new Error(`gave up waiting for ${what}`);
}

async function fixes() {
  const document = await vscode.workspace.openTextDocument(uri);
  const [finding, ...others] = findings();
  assert.equal(others.length, 0);
  assert.equal(finding.code.value, rule);
  assert.match(finding.code.target.toString(), /^https:/);
  assert.ok(document.getText(finding.range).startsWith('op.create_index('));
  const actions = await vscode.commands.executeCommand('vscode.executeCodeActionProvider', uri, finding.range, 'quickfix', 10);
  const fix = actions.find((action) => action.title === title);
  assert.ok(fix, `the fix is not offered; there are ${actions.map((action) => action.title).join(' | ')}`);
  assert.equal(await vscode.workspace.applyEdit(fix.edit), true);
  assert.equal(await document.save(), true);
  await until('the finding to go', () => findings().length === 0);
}

/** The settings of the workspace ask for it. A save does not wait for a server that has not read the project: then it is the next one. */
async function fixesOnSave() {
  const { document } = await vscode.window.showTextDocument(uri);
  const before = document.getText();
  await until('the fix', async () => {
    await vscode.commands.executeCommand('workbench.action.files.save');
    return document.getText() !== before && !document.isDirty;
  }, 30_000, 500);
}

async function startsQuickly() {
  const times = [];
  for (let run = 0; run < 5; run += 1) {
    const restarted = vscode.commands.executeCommand('sqla-lsp.restart');
    await until('findings to go, when the old server has ended', () => findings().length === 0);
    const begun = Date.now();
    await until('findings to come back', () => findings().length > 0);
    times.push(Date.now() - begun);
    await restarted;
  }
  times.sort((one, other) => one - other);
  console.log(`from the start of the search to the first finding: ${times.join(', ')} ms`);
  const load = Math.max(1, os.loadavg()[0] / os.cpus().length); // how many others each processor is shared with
  assert.ok(times[2] < 1000 * load, `the median is ${times[2]} ms, a second or more, at a load of ${load.toFixed(1)} for each processor`);
}

async function followsSettings() {
  const settings = () => vscode.workspace.getConfiguration('sqla-lsp');
  const rules = [...new Set(findings().map((finding) => finding.code.value))];
  await settings().update('ignore', rules, vscode.ConfigurationTarget.Workspace);
  await until('findings to go with their rules', () => findings().length === 0);
  await settings().update('ignore', undefined, vscode.ConfigurationTarget.Workspace);
  await until('findings to come back with their rules', () => findings().length > 0);
}

async function checksTheWorkspace() {
  const shown = () => vscode.languages.getDiagnostics().filter(([at]) => findings(at).length > 0).length;
  assert.equal(shown(), 1);
  await vscode.commands.executeCommand('sqla-lsp.checkWorkspace');
  await until('findings of other files', () => shown() > 3);
}

const pages = () => vscode.workspace.textDocuments.filter(({ uri: at }) => at.scheme === 'sqla-lsp-sql');

async function showsSql() {
  await vscode.window.showTextDocument(uri);
  await vscode.commands.executeCommand('sqla-lsp.showSql');
  const page = await until('the page', () => pages().find(({ uri: at }) => at.path === `${uri.path}.sql`));
  assert.match(page.getText(), /-- line \d+: SHARE on customers.*\n(?:--.*\n)*CREATE INDEX ix_customers_search ON customers/);
  assert.match(page.getText(), /DROP INDEX ix_customers_search/);
  assert.equal(page.isDirty, false);

  const { document } = await vscode.window.showTextDocument(uri);
  const changed = new vscode.WorkspaceEdit();
  changed.insert(uri, document.lineAt(document.lineCount - 1).range.end, '\n    op.execute("SELECT 42")\n');
  await vscode.workspace.applyEdit(changed);
  await vscode.commands.executeCommand('sqla-lsp.showSql');
  await until('what is not saved yet', () => page.getText().includes('SELECT 42'));
  await vscode.window.showTextDocument(uri);
  await vscode.commands.executeCommand('workbench.action.files.revert');
}

async function showsLenses() {
  const { document } = await vscode.window.showTextDocument(uri);
  const lenses = await until('lenses', async () => {
    const found = await vscode.commands.executeCommand('vscode.executeCodeLensProvider', uri, 10);
    return found.length > 0 && found;
  });
  const [lens] = lenses;
  assert.match(document.lineAt(lens.range.start.line).text, /def upgrade/);
  assert.match(lens.command.title, /SHARE on customers/);
  const before = vscode.workspace.textDocuments.filter(({ uri: at }) => at.path.endsWith('.sql')).length;
  await vscode.commands.executeCommand(lens.command.command, ...lens.command.arguments);
  const page = await until('the page of the lens', () => pages().find(({ uri: at }) => at.query === 'upgrade'));
  assert.match(page.getText(), /CREATE INDEX ix_customers_search/);
  assert.doesNotMatch(page.getText(), /DROP INDEX/);
  const after = vscode.workspace.textDocuments.filter(({ uri: at }) => at.path.endsWith('.sql')).length;
  assert.equal(after, before + 1, 'the server opened a file of its own beside the page');
}

async function showsHovers() {
  const { document } = await vscode.window.showTextDocument(uri);
  const at = document.positionAt(document.getText().indexOf('op.execute') + 5);
  const text = await until('a hover', async () => {
    const hovers = await vscode.commands.executeCommand('vscode.executeHoverProvider', uri, at);
    return hovers.flatMap(({ contents }) => contents.map((content) => content.value)).join('\n');
  });
  assert.match(text, /```sql\nCREATE INDEX ix_customers_search[^`]*```\n- SHARE on customers: writes and other migrations wait/);
}

async function showsHints() {
  const { document } = await vscode.window.showTextDocument(uri);
  const range = new vscode.Range(0, 0, document.lineCount, 0);
  const hints = async () => {
    const found = await vscode.commands.executeCommand('vscode.executeInlayHintProvider', uri, range);
    return found.map(({ label }) => (typeof label === 'string' ? label : label.map(({ value }) => value).join('')));
  };
  assert.deepEqual(await hints(), []);
  const settings = vscode.workspace.getConfiguration('sqla-lsp');
  await settings.update('inlayHints', true, vscode.ConfigurationTarget.Workspace);
  await until('hints', async () => (await hints()).some((label) => label.includes('SHARE')));
  await settings.update('inlayHints', undefined, vscode.ConfigurationTarget.Workspace);
  await until('hints to go', async () => (await hints()).length === 0);
  await until('findings to come back', () => findings().length > 0);
}

async function tellsOfItself() {
  await state(/- state: ready/);
  const text = vscode.window.activeTextEditor.document.getText();
  assert.match(text, /- server: .*sqla-lsp, from uv tool or pipx\n- version: \d+\.\d+/);
}

/** The processes that run a program for this extension host. */
function servers(program = 'sqla-lsp') {
  const all = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n').map((line) => line.trim().split(/\s+/));
  const ours = all.filter(([, parent, ...line]) => parent === String(process.pid) && line.join(' ').endsWith(`${program} server`));
  return ours.map(([id]) => Number(id));
}

async function startsAgain() {
  const [first, ...others] = servers();
  assert.equal(others.length, 0);
  process.kill(first, 'SIGKILL');
  await until('another server', () => servers().length === 1 && servers()[0] !== first);
  await vscode.window.showTextDocument(uri);
  await until('its findings', () => findings().length > 0);
}

async function state(wanted, patience) {
  await until(`the state ${wanted}`, async () => {
    await vscode.commands.executeCommand('sqla-lsp.debugInformation');
    return wanted.test(vscode.window.activeTextEditor.document.getText());
  }, patience, 250);
}

/** Takes programs of all kinds as the server, and then the right one again. */
async function bearsAnything() {
  const settings = vscode.workspace.getConfiguration('sqla-lsp');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sqla lsp '));
  const starts = path.join(folder, 'starts');
  const use = async (name, ...lines) => {
    const program = path.join(folder, name);
    fs.rmSync(starts, { force: true });
    if (lines.length > 0) fs.writeFileSync(program, `#!/bin/sh\necho >> '${starts}'\n${lines.join('\n')}\n`, { mode: 0o755 });
    await settings.update('path', program, vscode.ConfigurationTarget.Workspace);
    return program;
  };
  const five = /state: stopped: The server for shop ended 5 times and is not started again/;

  const startedFiveTimes = async () => {
    await until('five starts', () => fs.existsSync(starts) && fs.readFileSync(starts, 'utf8').length >= 5);
    await state(five);
    assert.equal(fs.readFileSync(starts, 'utf8').length, 5);
  };

  await use('dies', 'exit 1');
  await startedFiveTimes();

  const babbling = await use('babbles', 'while :; do printf "this is no message\\r\\n\\r\\n"; sleep 0.05; done');
  await startedFiveTimes();
  await until('the last of them to end', () => servers(babbling).length === 0);

  const answer = '{"jsonrpc":"2.0","id":0,"error":{"code":-32603,"message":"not today"}}';
  const refusing = await use('refuses', `printf 'Content-Length: ${answer.length}\\r\\n\\r\\n%s' '${answer}'`, 'while :; do sleep 0.1; done');
  await state(/state: stopped: .*refuses refused to work: .*not today/);
  await until('the one that refused to end', () => servers(refusing).length === 0);
  await new Promise((resolve) => setTimeout(resolve, 1500)); // it is not started again
  assert.equal(fs.readFileSync(starts, 'utf8').length, 1);

  await use('gone');
  await state(/state: stopped: The setting sqla-lsp.path names .*gone, which is no program that can be run/);

  fs.writeFileSync(path.join(folder, 'no-interpreter'), '#!/nowhere/at/all\n', { mode: 0o755 });
  await use('no-interpreter');
  await state(/state: stopped: .*no-interpreter could not be started: .*ENOENT/);

  const silent = await use('silent', 'while :; do sleep 0.1; done');
  await until('the silent one', () => servers(silent).length === 1);
  await vscode.commands.executeCommand('sqla-lsp.restart'); // ends one that never answered
  await until('another silent one', () => fs.readFileSync(starts, 'utf8').length === 2);
  await state(/state: stopped: .*silent has not answered for 30 seconds/, 60_000);

  await settings.update('path', undefined, vscode.ConfigurationTarget.Workspace);
  await state(/state: ready/);
  await until('the silent ones to end', () => servers(silent).length === 0);

  await Promise.all([true, undefined, true, undefined].map(async (value) => {
    await settings.update('inlayHints', value, vscode.ConfigurationTarget.Workspace);
    await vscode.commands.executeCommand('sqla-lsp.restart');
  }));
  await state(/state: ready/);
  assert.equal(servers().length, 1);
  fs.rmSync(folder, { recursive: true });
}

/** The folder of the workspace goes away under the server, which is then started again. */
async function bearsItsFolderToGo() {
  const { fsPath } = vscode.workspace.workspaceFolders[0].uri;
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  fs.renameSync(fsPath, `${fsPath}.gone`);
  await vscode.commands.executeCommand('sqla-lsp.restart');
  await state(/state: ready/);
  fs.renameSync(`${fsPath}.gone`, fsPath);
  await vscode.commands.executeCommand('sqla-lsp.restart');
  await vscode.window.showTextDocument(uri);
  await until('findings to come back', () => findings().length > 0);
}

async function servesEveryFolder() {
  const [shop, other, plain] = vscode.workspace.workspaceFolders;
  const sections = async () => {
    await vscode.commands.executeCommand('sqla-lsp.debugInformation');
    return vscode.window.activeTextEditor.document.getText().split('\n## ').slice(1);
  };
  const ready = async (...names) => until(`servers for ${names.join(' and ')}`, async () => {
    const found = await sections();
    return found.length === names.length && names.every((name, at) => found[at].startsWith(`${name}\n`) && found[at].includes('state: ready'));
  });
  await ready(shop.name, other.name);
  const twin = vscode.Uri.joinPath(other.uri, path.relative(shop.uri.fsPath, file));
  await vscode.window.showTextDocument(twin);
  await until('findings in the other folder', () => findings(twin).length > 0);
  assert.equal(findings(twin).length, findings().length);
  for (const at of [uri, twin]) { // servers with the same commands do not get into each other's way
    await vscode.commands.executeCommand('sqla-lsp.sql', at.toString(), 'upgrade');
    const page = await until('its SQL', () => pages().find(({ uri: shown }) => shown.path === `${at.path}.upgrade.sql`));
    assert.match(page.getText(), /CREATE INDEX ix_customers_search/);
  }

  await vscode.workspace.getConfiguration('sqla-lsp', other).update('enable', false, vscode.ConfigurationTarget.WorkspaceFolder);
  await ready(shop.name);
  await until('findings in the other folder to go', () => findings(twin).length === 0);
  assert.ok(findings().length > 0);

  fs.writeFileSync(path.join(plain.uri.fsPath, '.sqla-lsp.toml'), '');
  await vscode.commands.executeCommand('sqla-lsp.restart');
  await ready(shop.name, plain.name);
}

const STEPS = {
  fix: [fixes],
  save: [fixesOnSave],
  use: [startsQuickly, followsSettings, checksTheWorkspace, showsSql, showsLenses, showsHovers, showsHints, tellsOfItself],
  failures: [startsAgain, bearsAnything, bearsItsFolderToGo],
  folders: [servesEveryFolder],
};

exports.run = async () => {
  await vscode.window.showTextDocument(uri);
  await until('findings', () => findings().length > 0);
  for (const step of STEPS[process.env.SQLA_LSP_STEPS]) {
    await step();
    console.log(`passed ${step.name}`);
  }
};
