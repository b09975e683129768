// A workspace that brings a server in .venv and names another one in its settings. While it is not trusted the user's own server runs;
// when it is, that of the settings. usage: node vscode-trust.mjs CODE_SERVER EXTENSION VSIX ROOT WORKSPACE FILE RAN
// RAN is written by either server of the workspace.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { session, until } from './vscode-session.mjs';

const [codeServer, extension, vsix, root, workspace, file, ran] = process.argv.slice(2);
const { page, end } = await session({
  codeServer, extension, root, workspace, trust: true,
  settings: { 'security.workspace.trust.startupPrompt': 'never', 'security.workspace.trust.untrustedFiles': 'open' },
  setUp: (command) => execFileSync(process.execPath, [...command, '--install-extension', vsix], { stdio: 'pipe' }),
  payload: (remote) => [['openFile', remote(file)]],
});
let code = 1;
try {
  await page.locator('.statusbar-item', { hasText: 'Restricted Mode' }).waitFor();
  await page.locator('.squiggly-warning').first().waitFor();
  assert.ok(!existsSync(ran), 'a program of the workspace was run without trust');
  console.log('without trust: a finding, and nothing of the workspace was run');

  await page.keyboard.press('F1');
  await page.keyboard.type('Workspaces: Manage Workspace Trust');
  await page.keyboard.press('Enter');
  const trust = page.locator('.workspace-trust-editor');
  await trust.waitFor();
  const limited = page.locator('.workspace-trust-editor').getByText(/extensions/).first();
  console.log((await limited.innerText()).replace(/\s+/g, ' '));
  await page.screenshot({ path: join(root, 'trust.png') });
  await trust.locator('.monaco-button', { hasText: /^Trust$/ }).first().click();
  await until('the server of the workspace', () => existsSync(ran));
  console.log('with trust: the server of the workspace was started');
  code = 0;
} catch (error) {
  console.error(error);
  await page.screenshot({ path: join(root, 'failure.png') });
} finally {
  await end();
}
process.exit(code);
