/** One server, for one workspace folder: found, started, told of settings, started again when it dies. */

import * as vscode from 'vscode';
import {
  CloseAction,
  DidChangeConfigurationNotification,
  ErrorAction,
  LanguageClient,
  State,
  type CloseHandlerResult,
  type ErrorHandlerResult,
} from 'vscode-languageclient/node';
import { Backoff, MOST } from './backoff';
import { findServer, type Found } from './discovery';
import { inside } from './folders';
import { optionsFrom, type Options } from './options';
import { surroundings } from './surroundings';

/** What a server is doing, for the status item. */
export type Activity =
  | { readonly kind: 'starting' }
  | { readonly kind: 'reading'; readonly progress: string }
  | { readonly kind: 'ready' }
  | { readonly kind: 'stopped'; readonly reason: string };

/** What the rest of the extension does for a server. */
export interface Surface {
  readonly log: vscode.LogOutputChannel;
  readonly changed: () => void;
  readonly missing: (folder: vscode.WorkspaceFolder) => void;
}

export class FolderServer {
  activity: Activity = { kind: 'starting' };
  found: Found | undefined;
  private client: LanguageClient | undefined;
  private wholeWorkspace = false;
  private work: Promise<void> = Promise.resolve();

  constructor(
    readonly folder: vscode.WorkspaceFolder,
    private readonly surface: Surface,
  ) {}

  /** The name and version that the server gives itself. */
  get version(): string | undefined {
    return this.client?.initializeResult?.serverInfo?.version;
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
    if (this.client?.state === State.Running) {
      await this.client.sendNotification(DidChangeConfigurationNotification.type, { settings: { 'sqla-lsp': this.options } });
    }
  }

  /** Shows findings of all files, until the server is started again. */
  async checkWholeWorkspace(): Promise<void> {
    this.wholeWorkspace = true;
    await this.configure();
  }

  /** One thing after the other, whoever asks for it. */
  private next(step: () => Promise<void>): Promise<void> {
    this.work = this.work.then(step, step);
    return this.work;
  }

  private async begin(): Promise<void> {
    const found = await findServer(await surroundings(this.folder));
    if (found.kind === 'missing') {
      this.found = undefined;
      this.become({ kind: 'stopped', reason: 'sqla-lsp is not installed' });
      this.surface.log.warn(`${this.folder.name}: there is no sqla-lsp in the environment of the workspace, with uv or pipx, or on the PATH`);
      this.surface.missing(this.folder);
      return;
    }
    if (found.kind === 'wrong') {
      this.found = undefined;
      const reason = `The setting sqla-lsp.path names ${found.program}, which is no program that can be run`;
      this.become({ kind: 'stopped', reason });
      void this.complain(`${reason}.`, 'Open Settings');
      return;
    }
    this.found = found;
    this.surface.log.info(`${this.folder.name}: ${found.program}, from ${found.origin}`);
    this.become({ kind: 'starting' });
    const backoff = new Backoff();
    this.client = this.newClient(found.program, backoff);
    try {
      await this.client.start();
    } catch (error) {
      if (backoff.deaths > 0) {
        return; // it ran and died, and is started again
      }
      const reason = `${found.program} could not be started: ${error instanceof Error ? error.message : String(error)}`;
      this.become({ kind: 'stopped', reason });
      void this.complain(reason, 'Show Log');
    }
  }

  private async end(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    this.wholeWorkspace = false;
    if (client?.needsStop() === true) {
      await client.stop().catch((error: unknown) => {
        this.surface.log.warn(`${this.folder.name}: the server did not end in time`, error);
      });
    }
    await client?.dispose().catch(() => undefined);
  }

  private newClient(program: string, backoff: Backoff): LanguageClient {
    const run = { command: program, args: ['server'], options: { cwd: this.folder.uri.fsPath } };
    let begun = Date.now();
    const client: LanguageClient = new LanguageClient('sqla-lsp', 'sqla-lsp', run, {
      documentSelector: [{ scheme: 'file', language: 'python', pattern: inside(this.folder.uri.fsPath.replaceAll('\\', '/')) }],
      workspaceFolder: this.folder,
      outputChannel: this.surface.log,
      traceOutputChannel: this.surface.log,
      diagnosticCollectionName: 'sqla-lsp',
      initializationOptions: () => this.options,
      initializationFailedHandler: () => false,
      errorHandler: {
        error: (): ErrorHandlerResult => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => this.closed(client, backoff.died(Date.now() - begun)),
      },
      middleware: {
        handleWorkDoneProgress: (token, params, next) => {
          if (params.kind === 'end') {
            this.become({ kind: 'ready' });
          } else {
            this.become({ kind: 'reading', progress: params.message ?? '' });
          }
          next(token, params);
        },
      },
    });
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Starting) {
        begun = Date.now();
        this.become({ kind: 'starting' });
      } else if (newState === State.Running && this.activity.kind === 'starting') {
        this.become({ kind: 'reading', progress: '' });
      }
    });
    return client;
  }

  /** The server of a client has died; meanwhile another may have been asked for. */
  private async closed(client: LanguageClient, wait: number | undefined): Promise<CloseHandlerResult> {
    if (wait === undefined) {
      const reason = `The server for ${this.folder.name} ended ${MOST} times and is not started again`;
      this.become({ kind: 'stopped', reason });
      void this.complain(`${reason}.`, 'Restart', 'Show Log');
      return { action: CloseAction.DoNotRestart, handled: true };
    }
    this.surface.log.warn(`${this.folder.name}: the server ended; it is started again in ${wait} ms`);
    await new Promise((resolve) => setTimeout(resolve, wait));
    return { action: this.client === client ? CloseAction.Restart : CloseAction.DoNotRestart, handled: true };
  }

  private become(activity: Activity): void {
    this.activity = activity;
    this.surface.changed();
  }

  private async complain(sentence: string, ...buttons: string[]): Promise<void> {
    this.surface.log.error(sentence);
    const chosen = await vscode.window.showErrorMessage(sentence, ...buttons);
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
