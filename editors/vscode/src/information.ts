/** What somebody who helps wants to know, as a document. */

import * as vscode from 'vscode';
import { counts } from './status';
import type { FolderServer } from './server';

/** The text of the document. */
export function debugInformation(extension: vscode.Extension<unknown>, servers: readonly FolderServer[]): string {
  const { version } = extension.packageJSON as { version: string };
  const { findings, files } = counts();
  const lines = [
    '# sqla-lsp: debug information',
    '',
    `- extension ${version}, VS Code ${vscode.version}, ${process.platform} ${process.arch}`,
    `- workspace trusted: ${vscode.workspace.isTrusted ? 'yes' : 'no'}`,
    `- findings shown: ${findings}, in files: ${files}`,
    ...servers.flatMap(server),
  ];
  return `${lines.join('\n')}\n`;
}

function server(server: FolderServer): string[] {
  const { activity, found } = server;
  return [
    '',
    `## ${server.folder.name}`,
    '',
    `- server: ${found === undefined ? 'none' : `${found.program}, from ${found.origin}`}`,
    `- version: ${server.version ?? 'unknown'}`,
    `- state: ${activity.kind}${activity.kind === 'stopped' ? `: ${activity.reason}` : ''}`,
    '- options:',
    '',
    '```json',
    JSON.stringify(server.options, undefined, 2),
    '```',
  ];
}
