/** All servers of the window: which folders get one, and what happens to them when folders, settings or trust change. */

import * as vscode from 'vscode';
import { outermost } from './folders';
import { debugInformation } from './information';
import { Installer } from './install';
import type { Marks } from './marks';
import { onDidChooseInterpreter } from './python';
import { FolderServer } from './server';
import { SqlPages } from './sql';
import { Status } from './status';

/** Settings of which a server hears only when it starts. */
const AT_START = ['sqla-lsp.path', 'sqla-lsp.inlayHints'];

export class Manager {
  private readonly servers = new Map<string, FolderServer>();
  private readonly status = new Status();
  private readonly pages = new SqlPages((file) => this.serverOf(file));
  private readonly installer = new Installer(() => this.restart());

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly log: vscode.LogOutputChannel,
    private readonly marks: Marks,
  ) {}

  /** Starts the servers and listens to what happens. */
  async start(): Promise<void> {
    const { subscriptions } = this.context;
    subscriptions.push(
      this.status,
      this.pages,
      this.marks.onDidMark(() => void this.follow()),
      vscode.workspace.onDidChangeWorkspaceFolders(() => void this.follow()),
      vscode.workspace.onDidChangeConfiguration((event) => void this.configured(event)),
      vscode.workspace.onDidGrantWorkspaceTrust(() => void this.each((server) => server.search())),
      vscode.languages.onDidChangeDiagnostics(() => {
        this.show();
      }),
    );
    await this.follow();
    subscriptions.push(onDidChooseInterpreter(() => void this.each((server) => server.search())));
  }

  async stop(): Promise<void> {
    await this.each((server) => server.stop());
    this.servers.clear();
  }

  /** Starts all servers again, and those that were not there. */
  async restart(): Promise<void> {
    await this.each((server) => server.restart());
    await this.follow();
  }

  async checkWorkspace(): Promise<void> {
    await this.each((server) => server.checkWholeWorkspace());
    await vscode.commands.executeCommand('workbench.actions.view.problems');
  }

  showSql(): Promise<void> {
    return this.pages.showActive();
  }

  /** What a code lens asks for. */
  showSqlOf(file: unknown, direction: unknown): Promise<void> {
    return this.pages.showOne(file, direction);
  }

  async showInformation(): Promise<void> {
    const content = debugInformation(this.context.extension, [...this.servers.values()]);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ content, language: 'markdown' }));
  }

  /** Gives every folder that wants one a server, and takes away those of folders that are gone. */
  private async follow(): Promise<void> {
    const wanted = await this.wanted();
    const gone = [...this.servers].filter(([uri]) => !wanted.some((folder) => folder.uri.toString() === uri));
    gone.forEach(([uri]) => this.servers.delete(uri));
    const come = wanted.filter((folder) => !this.servers.has(folder.uri.toString())).map((folder) => this.newServer(folder));
    this.show();
    await Promise.all([...gone.map(([, server]) => server.stop()), ...come.map((server) => server.restart())]);
  }

  /** The folders that get a server. */
  private async wanted(): Promise<vscode.WorkspaceFolder[]> {
    const local = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
    const outer = new Set(outermost(local.map(({ uri }) => uri.path)));
    const folders = local.filter((folder) => outer.has(folder.uri.path) && isEnabled(folder));
    const marked = await Promise.all(folders.map((folder) => this.marks.has(folder)));
    return folders.filter((_, at) => marked[at]);
  }

  private newServer(folder: vscode.WorkspaceFolder): FolderServer {
    const server = new FolderServer(folder, {
      log: this.log,
      changed: () => {
        this.show();
      },
      missing: () => void this.installer.offer(folder),
    });
    this.servers.set(folder.uri.toString(), server);
    return server;
  }

  private async configured(event: vscode.ConfigurationChangeEvent): Promise<void> {
    if (!event.affectsConfiguration('sqla-lsp')) {
      return;
    }
    await this.follow();
    await this.each((server) =>
      AT_START.some((name) => event.affectsConfiguration(name, server.folder)) ? server.restart() : server.configure(),
    );
  }

  private serverOf(file: vscode.Uri): FolderServer | undefined {
    return [...this.servers.values()].find(({ folder }) => file.path.startsWith(`${folder.uri.path.replace(/\/$/, '')}/`));
  }

  private async each(act: (server: FolderServer) => Promise<void>): Promise<void> {
    await Promise.all([...this.servers.values()].map(act));
  }

  private show(): void {
    this.status.show([...this.servers.values()].map(({ activity }) => activity));
  }
}

function isEnabled(folder: vscode.WorkspaceFolder): boolean {
  return vscode.workspace.getConfiguration('sqla-lsp', folder).get('enable', true);
}
