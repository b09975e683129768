/** A program as the language server of one folder: started, told of settings, asked, started again when it dies, and ended for good. */

import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import * as vscode from 'vscode';
import {
  CancellationToken,
  CloseAction,
  DidChangeConfigurationNotification,
  ErrorAction,
  ExecuteCommandRequest,
  LanguageClient,
  ResponseError,
  State,
  type CloseHandlerResult,
  type DynamicFeature,
  type ErrorHandlerResult,
  type StaticFeature,
} from 'vscode-languageclient/node';
import { Backoff, MOST } from './backoff';
import { inside } from './folders';
import type { Options } from './options';
import { ended, endedByItself, isAlive, started } from './program';

/** What a server is doing, for the status item. */
export type Activity =
  | { readonly kind: 'starting' }
  | { readonly kind: 'reading'; readonly progress: string }
  | { readonly kind: 'ready' }
  | { readonly kind: 'stopped'; readonly reason: string };

/** How long a server may take to answer for the first time, in milliseconds: it does so before it reads the project. */
const PATIENCE = 30_000;

export type Direction = 'upgrade' | 'downgrade';

/** Who is told. `failed` hears, in a sentence, that there will be no server. */
export interface Host {
  readonly log: vscode.LogOutputChannel;
  readonly options: () => Options;
  readonly became: (activity: Activity) => void;
  readonly failed: (sentence: string, ...buttons: string[]) => void;
}

export class Connection {
  private readonly client: Client;
  private readonly backoff = new Backoff();
  private child: ChildProcessWithoutNullStreams | undefined;
  private activity: Activity['kind'] = 'starting';
  private begun = Date.now();
  private told = '';
  private impatience: NodeJS.Timeout | undefined;
  private asking = 0;
  private isWanted = true;

  constructor(
    private readonly program: string,
    private readonly folder: vscode.WorkspaceFolder,
    private readonly host: Host,
  ) {
    this.client = this.newClient();
  }

  /** The version that the server gives itself. */
  get version(): string | undefined {
    return this.client.initializeResult?.serverInfo?.version;
  }

  /** Begins; nobody has to wait for a server that may never answer. */
  start(): void {
    this.client.start().catch((error: unknown) => {
      const { child } = this;
      if (child !== undefined && isAlive(child) && this.client.state !== State.Starting) {
        this.fail(`${this.program} refused to work: ${words(error)}`);
        void this.stop();
      }
    });
  }

  /** Ends the server, in whatever state it is. */
  async stop(): Promise<void> {
    this.isWanted = false;
    clearTimeout(this.impatience);
    const { child } = this;
    if (this.client.state === State.Running) {
      await this.client.stop().catch((error: unknown) => {
        this.host.log.warn(`${this.folder.name}: the server did not end in time: ${words(error)}`);
      });
      void (child && endedByItself(child)); // the next one need not wait for it
    } else {
      void (child && ended(child));
    }
    await this.client.dispose().catch(() => undefined); // it complains where it has never begun
  }

  /** Tells the server of settings, where they have changed. One that has not begun yet is told when it begins. */
  async configure(): Promise<void> {
    const options = this.host.options();
    if (this.client.state === State.Running && this.told !== JSON.stringify(options)) {
      this.told = JSON.stringify(options);
      await this.client.sendNotification(DidChangeConfigurationNotification.type, { settings: { 'sqla-lsp': options } });
    }
  }

  /** The SQL of one function of a migration, of the newest text; undefined where the file is no migration. */
  async sql(file: vscode.Uri, direction: Direction): Promise<string | undefined> {
    const uri = this.client.code2ProtocolConverter.asUri(file);
    this.asking += 1;
    try {
      const params = { command: 'sqla-lsp.sql', arguments: [uri, direction] };
      const answer: unknown = await this.client.sendRequest(ExecuteCommandRequest.type, params);
      return typeof answer === 'string' ? answer : undefined;
    } finally {
      this.asking -= 1;
    }
  }

  private newClient(): Client {
    const client = new Client('sqla-lsp', 'sqla-lsp', () => this.run(), {
      documentSelector: [{ scheme: 'file', language: 'python', pattern: inside(this.folder.uri.fsPath.replaceAll('\\', '/')) }],
      workspaceFolder: this.folder,
      outputChannel: this.host.log,
      traceOutputChannel: this.host.log,
      diagnosticCollectionName: 'sqla-lsp',
      initializationOptions: () => {
        const options = this.host.options();
        this.told = JSON.stringify(options);
        return options;
      },
      initializationFailedHandler: () => false,
      errorHandler: {
        error: (error, message) => this.wrong(error, message !== undefined),
        closed: () => this.closed(),
      },
      middleware: {
        handleWorkDoneProgress: (token, params, next) => {
          this.become(params.kind === 'end' ? { kind: 'ready' } : { kind: 'reading', progress: params.message ?? '' });
          next(token, params);
        },
        window: {
          // The SQL that is asked for is shown on a page of our own, from the answer.
          showDocument: async (params, next) => {
            const shown = this.asking > 0 ? { success: true } : await next(params, CancellationToken.None);
            return shown instanceof ResponseError ? { success: false } : shown;
          },
        },
      },
    });
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Starting) {
        this.become({ kind: 'starting' });
      } else if (newState === State.Running && this.activity === 'starting') {
        this.become({ kind: 'reading', progress: '' });
        void this.configure();
      }
    });
    return client;
  }

  private async run(): Promise<ChildProcessWithoutNullStreams> {
    this.begun = Date.now();
    try {
      this.child = await started(this.program, this.folder.uri.fsPath);
    } catch (error) {
      this.fail(`${this.program} could not be started: ${words(error)}`);
      throw error;
    }
    if (!this.isWanted) {
      await ended(this.child);
    }
    clearTimeout(this.impatience);
    this.impatience = setTimeout(() => {
      if (this.client.state === State.Starting) {
        this.fail(`${this.program} has not answered for ${PATIENCE / 1000} seconds`, 'Restart', 'Show Log');
        void this.stop();
      }
    }, PATIENCE);
    return this.child;
  }

  /** What cannot be written is noted; a server that writes what is no message will not be understood again. */
  private wrong(error: Error, isWritten: boolean): ErrorHandlerResult {
    if (!isWritten && this.child !== undefined) {
      this.host.log.error(`${this.folder.name}: the server writes what is no message of the protocol, and is ended: ${error.message}`);
      void ended(this.child);
    }
    return { action: ErrorAction.Continue, handled: true };
  }

  /** The server has died. */
  private async closed(): Promise<CloseHandlerResult> {
    if (this.isWanted) {
      const wait = this.backoff.died(Date.now() - this.begun);
      if (wait === undefined) {
        this.fail(`The server for ${this.folder.name} ended ${MOST} times and is not started again`, 'Restart', 'Show Log');
        return { action: CloseAction.DoNotRestart, handled: true };
      }
      this.host.log.warn(`${this.folder.name}: the server ended; it is started again in ${wait} ms`);
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
    return { action: this.isWanted ? CloseAction.Restart : CloseAction.DoNotRestart, handled: true };
  }

  private fail(reason: string, ...buttons: string[]): void {
    if (this.isWanted) {
      this.become({ kind: 'stopped', reason });
      this.host.failed(reason, ...(buttons.length > 0 ? buttons : ['Show Log']));
    }
  }

  private become(activity: Activity): void {
    this.activity = activity.kind;
    if (this.isWanted) {
      this.host.became(activity);
    }
  }
}

/** A client that leaves commands to the extension, and messages about itself to the log. */
class Client extends LanguageClient {
  /** Commands of a server are commands of the window: of two servers with the same ones, the second could not start. */
  override registerFeature(feature: StaticFeature | DynamicFeature<unknown>): void {
    if (!('registrationType' in feature) || feature.registrationType.method !== ExecuteCommandRequest.method) {
      super.registerFeature(feature);
    }
  }

  /** One that has not begun cannot be stopped, which the client itself tries all the same. */
  override async stop(timeout?: number): Promise<void> {
    if (this.state !== State.Starting) {
      await super.stop(timeout);
    }
  }

  /** What the user is told of a server, in words, is told by the connection. */
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
