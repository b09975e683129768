/** One server, for one workspace folder: found, started, and started anew when another would be found or is asked for. */

import * as vscode from 'vscode';
import { Connection, type Activity, type Direction } from './connection';
import { findServer, type Found } from './discovery';
import { optionsFrom, type Options } from './options';
import { surroundings } from './surroundings';

/** What the rest of the extension does for a server. */
export interface Surface {
  readonly log: vscode.LogOutputChannel;
  readonly changed: () => void;
  readonly missing: (folder: vscode.WorkspaceFolder) => void;
}

export class FolderServer {
  activity: Activity = { kind: 'starting' };
  found: Found | undefined;
  private connection: Connection | undefined;
  private wholeWorkspace = false;
  private work: Promise<void> = Promise.resolve();

  constructor(
    readonly folder: vscode.WorkspaceFolder,
    private readonly surface: Surface,
  ) {}

  /** The version that the server gives itself. */
  get version(): string | undefined {
    return this.connection?.version;
  }

  /** What the server is told. */
  get options(): Options {
    const configuration = vscode.workspace.getConfiguration('sqla-lsp', this.folder);
    const options = optionsFrom((name) => (isSet(configuration.inspect(name)) ? configuration.get(name) : undefined));
    return this.wholeWorkspace ? { ...options, 'diagnostic-mode': 'workspace' } : options;
  }

  /** Looks for the server and starts it; one that runs is stopped first. */
  restart(): Promise<void> {
    return this.next(async () => {
      await this.end();
      await this.begin();
    });
  }

  /** Restarts where another server would be found now. */
  search(): Promise<void> {
    return this.next(async () => {
      const found = await findServer(await surroundings(this.folder));
      if (found.kind === 'found' && found.program !== this.found?.program) {
        await this.end();
        await this.begin();
      }
    });
  }

  stop(): Promise<void> {
    return this.next(() => this.end());
  }

  /** Tells the server of changed settings. */
  async configure(): Promise<void> {
    await this.connection?.configure();
  }

  /** Shows findings of all files, until the server is started again. */
  async checkWholeWorkspace(): Promise<void> {
    this.wholeWorkspace = true;
    await this.configure();
  }

  /** The SQL of one function of a migration; undefined where the file is none. Rejects where no server answers. */
  async sql(file: vscode.Uri, direction: Direction): Promise<string | undefined> {
    if (this.connection === undefined) {
      throw new Error('sqla-lsp does not run for this file');
    }
    return this.connection.sql(file, direction);
  }

  /** One thing after the other, whoever asks for it. */
  private next(step: () => Promise<void>): Promise<void> {
    this.work = this.work.then(step, step);
    return this.work;
  }

  private async begin(): Promise<void> {
    const found = await findServer(await surroundings(this.folder));
    this.found = found.kind === 'found' ? found : undefined;
    if (found.kind === 'missing') {
      this.become({ kind: 'stopped', reason: 'sqla-lsp is not installed' });
      this.surface.log.warn(`${this.folder.name}: there is no sqla-lsp in the environment of the workspace, with uv or pipx, or on the PATH`);
      this.surface.missing(this.folder);
      return;
    }
    if (found.kind === 'wrong') {
      const reason = `The setting sqla-lsp.path names ${found.program}, which is no program that can be run`;
      this.become({ kind: 'stopped', reason });
      void this.complain(reason, 'Open Settings');
      return;
    }
    this.surface.log.info(`${this.folder.name}: ${found.program}, from ${found.origin}`);
    this.connection = new Connection(found.program, this.folder, {
      log: this.surface.log,
      options: () => this.options,
      became: (activity) => {
        this.become(activity);
      },
      failed: (sentence, ...buttons) => void this.complain(sentence, ...buttons),
    });
    this.become({ kind: 'starting' });
    this.connection.start();
  }

  private async end(): Promise<void> {
    const { connection } = this;
    this.connection = undefined;
    this.wholeWorkspace = false;
    await connection?.stop();
  }

  private become(activity: Activity): void {
    this.activity = activity;
    this.surface.changed();
  }

  private async complain(sentence: string, ...buttons: string[]): Promise<void> {
    this.surface.log.error(`${sentence}.`);
    const chosen = await vscode.window.showErrorMessage(`${sentence}.`, ...buttons);
    if (chosen === 'Restart') {
      await this.restart();
    } else if (chosen === 'Show Log') {
      this.surface.log.show();
    } else if (chosen === 'Open Settings') {
      await vscode.commands.executeCommand('workbench.action.openSettings', 'sqla-lsp.path');
    }
  }
}

/** Whether the user has given a setting, anywhere; its default does not count. */
function isSet(setting: ReturnType<vscode.WorkspaceConfiguration['inspect']>): boolean {
  const given = [setting?.globalValue, setting?.workspaceValue, setting?.workspaceFolderValue];
  return given.some((value) => value !== undefined);
}
