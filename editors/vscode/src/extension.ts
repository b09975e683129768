/** Starts a server for every workspace folder that uses SQLAlchemy or Alembic. */

import * as vscode from 'vscode';

/** The extension, while it is active. */
let running: { stop: () => Promise<void> } | undefined;

/** Returns at once: what is heavy is loaded, and what takes time is done, after this. */
export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('sqla-lsp', { log: true });
  const manager = import('./manager').then(({ Manager }) => new Manager(context, log));
  const command = (name: string, run: (it: Awaited<typeof manager>) => unknown): vscode.Disposable =>
    vscode.commands.registerCommand(`sqla-lsp.${name}`, async () => run(await manager));
  context.subscriptions.push(
    log,
    vscode.commands.registerCommand('sqla-lsp.showLog', () => {
      log.show();
    }),
    command('restart', (it) => it.restart()),
    command('checkWorkspace', (it) => it.checkWorkspace()),
    command('showSql', (it) => it.showSql()),
    command('debugInformation', (it) => it.showInformation()),
  );
  running = { stop: async () => (await manager).stop() };
  manager.then((it) => it.start()).catch((error: unknown) => {
    log.error('the extension could not start', error);
  });
}

export function deactivate(): Promise<void> | undefined {
  return running?.stop();
}
