/** The machine and the workspace, as the search for the server sees them. */

import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import * as vscode from 'vscode';
import type { Surroundings } from './discovery';
import { chosenInterpreter } from './python';

/** What the search for the server of a workspace folder depends on. */
export async function surroundings(folder: vscode.WorkspaceFolder): Promise<Surroundings> {
  return {
    configured: vscode.workspace.getConfiguration('sqla-lsp', folder).get<string>('path', '').trim(),
    folder: folder.uri.fsPath,
    folders: (vscode.workspace.workspaceFolders ?? [folder]).map(({ uri }) => uri.fsPath),
    trusted: vscode.workspace.isTrusted,
    interpreter: vscode.workspace.isTrusted ? await chosenInterpreter(folder.uri) : undefined,
    platform: process.platform,
    home: homedir(),
    variables: process.env,
    isProgram,
  };
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
