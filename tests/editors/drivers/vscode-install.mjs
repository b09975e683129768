// A user without a server: the extension says so, runs nothing until the button is pressed, and shows findings after that.
// usage: node vscode-install.mjs CODE_SERVER EXTENSION VSIX ROOT WORKSPACE FILE SERVER     (SERVER is what the installer brings)
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { session, until } from './vscode-session.mjs';

const [codeServer, extension, vsix, root, workspace, file, program] = process.argv.slice(2);
const { page, end } = await session({
  codeServer, extension, root, workspace,
  setUp: (command) => execFileSync(process.execPath, [...command, '--install-extension', vsix], { stdio: 'pipe' }),
  payload: (remote) => [['openFile', remote(file)]],
});
let code = 1;
try {
  const question = page.locator('.notification-toast', { hasText: 'there is no sqla-lsp to check it with' });
  await question.waitFor();
  console.log((await question.innerText()).replace(/\s+/g, ' '));
  await new Promise((resolve) => setTimeout(resolve, 1000));
  assert.ok(!existsSync(program), 'something was installed without a question');
  await question.getByText('Run uv tool install sqla-lsp').click();
  await until('the installation', () => existsSync(program));
  await page.locator('.squiggly-warning').first().waitFor();
  console.log('installed, and a finding is shown');
  code = 0;
} catch (error) {
  console.error(error);
} finally {
  await end();
}
process.exit(code);
