/** Starts a server for every workspace folder that uses SQLAlchemy or Alembic; in other workspaces it does nothing. */

import * as vscode from 'vscode';
import type { Manager } from './manager';
import { Marks } from './marks';

/** The extension, while it is active. */
let running: { stop: () => Promise<void> } | undefined;

/** Returns at once: what is heavy is loaded, and what takes time is done, after this, and where there is something to do. */
export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('sqla-lsp', { log: true });
  const marks = new Marks();
  let loading: Promise<Manager> | undefined;
  const load = async (): Promise<Manager> => {
    const { Manager } = await import('./manager');
    const manager = new Manager(context, log, marks);
    await manager.start();
    return manager;
  };
  const manager = (): Promise<Manager> => (loading ??= load());
  const wake = async (): Promise<void> => {
    try {
      await manager();
    } catch (error) {
      log.error('the extension could not start', error);
    }
  };
  const wakeWhereUsed = async (): Promise<void> => {
    if (await marks.hasAny()) {
      await wake();
    }
  };
  const command = (name: string, run: (it: Manager, ...args: unknown[]) => unknown): vscode.Disposable =>
    vscode.commands.registerCommand(`sqla-lsp.${name}`, async (...args: unknown[]) => run(await manager(), ...args));
  const everywhere = (run: (it: Manager) => unknown) => (it: Manager): unknown => {
    marks.addAll(); // who asks for it knows that it is of use here
    return run(it);
  };
  context.subscriptions.push(
    log,
    marks,
    marks.onDidMark(wake),
    vscode.workspace.onDidChangeWorkspaceFolders(wakeWhereUsed),
    vscode.commands.registerCommand('sqla-lsp.showLog', () => {
      log.show();
    }),
    command('restart', everywhere((it) => it.restart())),
    command('checkWorkspace', everywhere((it) => it.checkWorkspace())),
    command('showSql', (it) => it.showSql()),
    command('sql', (it, file, direction) => it.showSqlOf(file, direction)),
    command('debugInformation', (it) => it.showInformation()),
  );
  running = { stop: async () => (await loading)?.stop() };
  void wakeWhereUsed();
}

export function deactivate(): Promise<void> | undefined {
  return running?.stop();
}
