// Runs a suite in the extension host of a real VS Code, against the unpacked extension.
// usage: node vscode-host.mjs CODE_SERVER EXTENSION ROOT WORKSPACE SUITE [VSIX...]     (VSIX are installed beside it)
import { execFileSync } from 'node:child_process';
import { session } from './vscode-session.mjs';

const [codeServer, extension, root, workspace, suite, ...others] = process.argv.slice(2);
const PATIENCE = 170_000;

let done;
const { end } = await session({
  codeServer, extension, root, workspace,
  setUp: (command) => others.forEach((vsix) => execFileSync(process.execPath, [...command, '--install-extension', vsix], { stdio: 'pipe' })),
  payload: (remote) => [['extensionDevelopmentPath', remote(extension)], ['extensionTestsPath', remote(suite)]],
  prepare: async (page) => {
    done = new Promise((resolve) => page.exposeFunction('codeAutomationExit', resolve));
    await page.exposeFunction('codeAutomationLog', (type, args) => console[type === 'error' ? 'error' : 'log'](...args));
  },
});
const code = await Promise.race([done, new Promise((resolve) => setTimeout(resolve, PATIENCE, 'the suite did not come to an end'))]);
await end();
if (code !== 0) console.error(code);
process.exit(code === 0 ? 0 : 1);
