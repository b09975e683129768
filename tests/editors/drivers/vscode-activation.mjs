// Opens workspaces one after the other; in each a suite in the extension host looks whether the extension is awake.
// usage: node vscode-activation.mjs CODE_SERVER EXTENSION ROOT SUITE WORKSPACE...
import { session } from './vscode-session.mjs';

const [codeServer, extension, root, suite, ...workspaces] = process.argv.slice(2);
const PATIENCE = 60_000;

let ended;
const { visit, end } = await session({
  codeServer, extension, root, workspace: workspaces[0],
  payload: (remote) => [['extensionDevelopmentPath', remote(extension)], ['extensionTestsPath', remote(suite)]],
  prepare: async (page) => {
    await page.exposeFunction('codeAutomationExit', (code) => ended(code));
    await page.exposeFunction('codeAutomationLog', (type, args) => console[type === 'error' ? 'error' : 'log'](...args));
  },
});
let failures = 0;
for (const [number, workspace] of workspaces.entries()) {
  const code = await new Promise((resolve) => {
    ended = resolve;
    setTimeout(resolve, PATIENCE, 'the suite did not come to an end');
    if (number > 0) void visit(workspace);
  });
  if (code !== 0) {
    console.error(`FAILED ${workspace}: ${code}`);
    failures += 1;
  }
}
await end();
process.exit(failures === 0 ? 0 : 1);
