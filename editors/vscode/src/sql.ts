/** The SQL of a migration, as the server renders it, on a read-only page beside the migration. */

import * as vscode from 'vscode';
import type { Direction } from './connection';
import type { FolderServer } from './server';

const SCHEME = 'sqla-lsp-sql';
const SUFFIX = '.sql';
const DIRECTIONS: readonly Direction[] = ['upgrade', 'downgrade'];

export class SqlPages implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changed.event;
  private readonly subscriptions: vscode.Disposable;

  /** `serverOf` gives the server of a file. */
  constructor(private readonly serverOf: (file: vscode.Uri) => FolderServer | undefined) {
    this.subscriptions = vscode.Disposable.from(
      this.changed,
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.workspace.onDidSaveTextDocument(({ uri }) => {
        ['', ...DIRECTIONS].forEach((which) => {
          this.changed.fire(pageOf(uri, which));
        });
      }),
    );
  }

  /** Opens the page of the migration that is edited; it follows when that is saved. */
  async showActive(): Promise<void> {
    const document = vscode.window.activeTextEditor?.document;
    if (document?.languageId !== 'python' || this.serverOf(document.uri) === undefined) {
      await vscode.window.showInformationMessage('Open a migration of a folder that sqla-lsp runs for, to see its SQL.');
      return;
    }
    await this.show(document.uri, '');
  }

  /** Opens the page of one function of a migration: what a code lens asks for. Anything else is not heard. */
  async showOne(file: unknown, direction: unknown): Promise<void> {
    const which = DIRECTIONS.find((known) => known === direction);
    if (typeof file === 'string' && which !== undefined) {
      await this.show(vscode.Uri.parse(file), which);
    }
  }

  async provideTextDocumentContent(page: vscode.Uri): Promise<string> {
    const { file, directions } = migrationOf(page);
    const server = this.serverOf(file);
    try {
      if (server === undefined) {
        throw new Error('sqla-lsp does not run for this file');
      }
      const texts = await Promise.all(directions.map((direction) => server.sql(file, direction)));
      return texts.map((text) => text ?? '-- this file is no migration\n').join('\n');
    } catch (error) {
      return `-- ${(error instanceof Error ? error.message : String(error)).replaceAll('\n', '\n-- ')}\n`;
    }
  }

  dispose(): void {
    this.subscriptions.dispose();
  }

  private async show(file: vscode.Uri, which: string): Promise<void> {
    const page = await vscode.workspace.openTextDocument(pageOf(file, which));
    this.changed.fire(page.uri); // it may have been open with what stood there before
    await vscode.window.showTextDocument(page, { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true, preview: true });
  }
}

/** The page of a file: of one direction, or of both where `which` is empty. */
function pageOf(file: vscode.Uri, which: string): vscode.Uri {
  return file.with({ scheme: SCHEME, path: `${file.path}${which === '' ? '' : `.${which}`}${SUFFIX}`, query: which });
}

function migrationOf(page: vscode.Uri): { file: vscode.Uri; directions: readonly Direction[] } {
  const directions = DIRECTIONS.filter((direction) => page.query === '' || page.query === direction);
  const suffix = page.query === '' ? SUFFIX : `.${page.query}${SUFFIX}`;
  return { file: page.with({ scheme: 'file', path: page.path.slice(0, -suffix.length), query: '' }), directions };
}
