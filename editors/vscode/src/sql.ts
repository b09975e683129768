/** The SQL of a migration, as the server's program prints it, in a document beside the migration. */

import { execFile } from 'node:child_process';
import * as path from 'node:path';
import { promisify } from 'node:util';
import * as vscode from 'vscode';
import type { FolderServer } from './server';

const SCHEME = 'sqla-lsp-sql';
const SUFFIX = '.sql';

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
        this.changed.fire(pageOf(uri));
      }),
    );
  }

  /** Opens the page of the migration that is edited; it follows when that is saved. */
  async show(): Promise<void> {
    const document = vscode.window.activeTextEditor?.document;
    if (document?.languageId !== 'python' || this.serverOf(document.uri)?.found === undefined) {
      await vscode.window.showInformationMessage('Open a migration of a folder that sqla-lsp runs for, to see its SQL.');
      return;
    }
    await document.save();
    const page = await vscode.workspace.openTextDocument(pageOf(document.uri));
    this.changed.fire(page.uri); // it may have been open with what stood there before
    await vscode.window.showTextDocument(page, { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true, preview: true });
  }

  async provideTextDocumentContent(page: vscode.Uri): Promise<string> {
    const file = fileOf(page);
    const server = this.serverOf(file);
    if (server?.found === undefined) {
      return '-- sqla-lsp does not run for this file.\n';
    }
    const { program } = server.found;
    const folder = server.folder.uri.fsPath;
    const texts = await Promise.all([[], ['--downgrade']].map((more) => printed(program, folder, file.fsPath, more)));
    return texts.join('\n');
  }

  dispose(): void {
    this.subscriptions.dispose();
  }
}

/** What `sqla-lsp sql` prints for a file; where it cannot, why. */
async function printed(program: string, folder: string, file: string, more: readonly string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, ['sql', ...more, path.relative(folder, file)], { cwd: folder });
    return stdout;
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    return `-- ${(stderr ?? String(error)).trim().replaceAll('\n', '\n-- ')}\n`;
  }
}

function pageOf(file: vscode.Uri): vscode.Uri {
  return file.with({ scheme: SCHEME, path: `${file.path}${SUFFIX}` });
}

function fileOf(page: vscode.Uri): vscode.Uri {
  return vscode.Uri.file(page.with({ scheme: 'file' }).fsPath.slice(0, -SUFFIX.length));
}
