// A session of VS Code in headless Chromium, for the drivers beside this file.
import { spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join } from 'node:path';

const SETTINGS = {
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'git.enabled': false,
  'editor.minimap.enabled': false,
  'files.autoSave': 'off',
  'chat.commandCenter.enabled': false,
  'editor.accessibilitySupport': 'off',
};
const CHROMIUM = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];

/** Starts VS Code on a workspace and opens it in a page, with `payload` as its web client takes it; `setUp` is run with the command of
 * code-server before, and `prepare` with the page. With `trust` workspaces are trusted only when the user says so. `visit` opens another
 * workspace in place of this one. */
export async function session({ codeServer, extension, root, workspace, settings = {}, trust = false, payload = () => [], setUp, prepare }) {
  for (const folder of ['user/User', 'user/Machine', 'extensions', 'chromium']) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  for (const file of ['user/User/settings.json', 'user/Machine/settings.json']) { // older and newer versions read one each
    writeFileSync(join(root, file), JSON.stringify({ ...SETTINGS, 'security.workspace.trust.enabled': trust, ...settings }));
  }
  writeFileSync(join(root, 'config.yaml'), '{}\n');
  const command = [join(codeServer, 'out/node/entry.js'), '--config', join(root, 'config.yaml'), '--user-data-dir', join(root, 'user'),
    '--extensions-dir', join(root, 'extensions')];
  setUp?.(command);
  const port = await freePort();
  const log = openSync(join(root, 'code-server.log'), 'w');
  const options = ['--bind-addr', `127.0.0.1:${port}`, '--auth', 'none', '--disable-telemetry', '--disable-update-check',
    '--disable-getting-started-override', ...(trust ? [] : ['--disable-workspace-trust'])];
  const server = spawn(process.execPath, [...command, ...options], { stdio: ['ignore', log, log] });
  let browser;
  try {
    const at = `127.0.0.1:${port}`;
    await until('code-server', async () => (await fetch(`http://${at}/healthz`).catch(() => undefined))?.ok);
    const { chromium } = createRequire(join(extension, 'package.json'))('playwright-core');
    browser = await chromium.launchPersistentContext(join(root, 'chromium'), {
      executablePath: '/usr/bin/chromium', headless: true, viewport: { width: 1080, height: 640 }, args: CHROMIUM,
    });
    const page = browser.pages()[0] ?? (await browser.newPage());
    page.setDefaultTimeout(60_000);
    await prepare?.(page);
    const visit = async (path) => {
      const given = JSON.stringify(payload((file) => `vscode-remote://${at}${file}`));
      const kind = path.endsWith('.code-workspace') ? 'workspace' : 'folder';
      await page.goto(`http://${at}/?${kind}=${encodeURIComponent(path)}&payload=${encodeURIComponent(given)}`);
    };
    await visit(workspace);
    return { page, visit, end: () => end(browser, server) };
  } catch (error) {
    console.error(readFileSync(join(root, 'code-server.log'), 'utf8').slice(-3000));
    await end(browser, server);
    throw error;
  }
}

/** Waits for something to become true. */
export async function until(what, happened, patience = 60_000) {
  for (const deadline = Date.now() + patience; Date.now() < deadline; ) {
    const value = await happened();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`gave up waiting for ${what}`);
}

async function end(browser, server) {
  await browser?.close();
  const ended = new Promise((resolve) => { server.on('exit', resolve); setTimeout(resolve, 5000); });
  server.kill('SIGTERM');
  await ended;
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
