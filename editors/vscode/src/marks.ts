/** Which workspace folders use SQLAlchemy or Alembic: in those alone anything is started. */

import * as vscode from 'vscode';
import { ENVIRONMENTS, imports, names, NAMES, TEXTS, USUAL } from './uses';

const LEFT_OUT = '**/{node_modules,site-packages,.venv,venv}/**';
/** Of a workspace with more of them than that, the others are not read. */
const MOST = 200;

export class Marks implements vscode.Disposable {
  private readonly marked = new Set<string>();
  private readonly event = new vscode.EventEmitter<void>();
  /** Tells that a folder has come to be one of them. */
  readonly onDidMark = this.event.event;
  private readonly subscriptions: vscode.Disposable;

  constructor() {
    this.subscriptions = vscode.Disposable.from(
      this.event,
      vscode.workspace.onDidOpenTextDocument((document) => {
        this.look(document);
      }),
      vscode.workspace.onDidSaveTextDocument((document) => {
        this.look(document);
      }),
    );
  }

  /** Whether a folder is one of them; it stays one until the window is closed. */
  async has(folder: vscode.WorkspaceFolder): Promise<boolean> {
    const key = folder.uri.toString();
    if (!this.marked.has(key) && ((await isPlain(folder)) || (await isInstalled(folder)) || (await isFound(folder)))) {
      this.marked.add(key);
    }
    return this.marked.has(key);
  }

  /** Whether one of the window's folders is. */
  async hasAny(): Promise<boolean> {
    vscode.workspace.textDocuments.forEach((document) => {
      this.look(document);
    });
    const folders = vscode.workspace.workspaceFolders ?? [];
    return (await Promise.all(folders.map((folder) => this.has(folder)))).includes(true);
  }

  /** Makes all folders of the window such: the user says so. */
  addAll(): void {
    vscode.workspace.workspaceFolders?.forEach(({ uri }) => this.marked.add(uri.toString()));
  }

  dispose(): void {
    this.subscriptions.dispose();
  }

  /** A document that is opened or saved may say what no other file has said. */
  private look(document: vscode.TextDocument): void {
    const { uri, languageId } = document;
    const folder = uri.scheme === 'file' ? vscode.workspace.getWorkspaceFolder(uri) : undefined;
    if (folder === undefined || this.marked.has(folder.uri.toString())) {
      return;
    }
    const isDependencies = /[\\/](?:pyproject\.toml|requirements[^\\/]*\.(?:txt|in)|setup\.cfg|Pipfile)$/.test(uri.path);
    if ((languageId === 'python' && imports(document.getText())) || (isDependencies && names(document.getText()))) {
      this.marked.add(folder.uri.toString());
      this.event.fire();
    }
  }
}

/** Whether the usual files, at the usual places, say it. */
async function isPlain({ uri }: vscode.WorkspaceFolder): Promise<boolean> {
  const there = await Promise.all([
    ...NAMES.map((name) => exists(vscode.Uri.joinPath(uri, name))),
    ...USUAL.map((name) => says(vscode.Uri.joinPath(uri, name))),
  ]);
  return there.includes(true);
}

/** Whether an environment in the folder has SQLAlchemy. */
async function isInstalled({ uri }: vscode.WorkspaceFolder): Promise<boolean> {
  const libraries = await Promise.all(
    ENVIRONMENTS.map(async (name) => {
      const environment = vscode.Uri.joinPath(uri, name);
      const isOne = await exists(vscode.Uri.joinPath(environment, 'pyvenv.cfg'));
      const versions = isOne ? await children(vscode.Uri.joinPath(environment, 'lib')) : [];
      return [vscode.Uri.joinPath(environment, 'Lib'), ...versions.map((version) => vscode.Uri.joinPath(environment, 'lib', version))];
    }),
  );
  const packages = libraries.flat().map((library) => vscode.Uri.joinPath(library, 'site-packages', 'sqlalchemy'));
  return (await Promise.all(packages.map(exists))).includes(true);
}

/** Whether any file in the folder says it. */
async function isFound(folder: vscode.WorkspaceFolder): Promise<boolean> {
  const search = (globs: readonly string[], most: number): Thenable<vscode.Uri[]> =>
    vscode.workspace.findFiles(new vscode.RelativePattern(folder, `**/{${globs.join(',')}}`), LEFT_OUT, most);
  const [sure, others] = await Promise.all([search(NAMES, 1), search(TEXTS, MOST)]);
  return sure.length > 0 || (await Promise.all(others.map(says))).includes(true);
}

async function says(file: vscode.Uri): Promise<boolean> {
  try {
    return names(new TextDecoder().decode(await vscode.workspace.fs.readFile(file)));
  } catch {
    return false;
  }
}

async function exists(file: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(file);
    return true;
  } catch {
    return false;
  }
}

async function children(folder: vscode.Uri): Promise<string[]> {
  try {
    return (await vscode.workspace.fs.readDirectory(folder)).map(([name]) => name);
  } catch {
    return [];
  }
}
