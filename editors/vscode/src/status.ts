/** The language status item: what the servers do, and how much they have found. */

import * as vscode from 'vscode';
import type { Activity } from './connection';

const RANK: Record<Activity['kind'], number> = { stopped: 3, starting: 2, reading: 1, ready: 0 };

export class Status implements vscode.Disposable {
  private readonly item = vscode.languages.createLanguageStatusItem('sqla-lsp', { language: 'python' });

  constructor() {
    this.item.name = 'sqla-lsp';
  }

  /** Shows the activity that matters most. */
  show(activities: readonly Activity[]): void {
    const [activity] = [...activities].sort((one, other) => RANK[other.kind] - RANK[one.kind]);
    this.item.busy = activity?.kind === 'starting' || activity?.kind === 'reading';
    this.item.severity = activity?.kind === 'stopped' ? vscode.LanguageStatusSeverity.Error : vscode.LanguageStatusSeverity.Information;
    this.item.command =
      activity?.kind === 'stopped'
        ? { command: 'sqla-lsp.showLog', title: 'Show Log' }
        : { command: 'sqla-lsp.checkWorkspace', title: 'Check Whole Workspace' };
    this.item.text = activity === undefined ? 'sqla-lsp' : text(activity);
    this.item.detail = detail(activity);
  }

  dispose(): void {
    this.item.dispose();
  }
}

/** How much is found: findings and files. */
export function counts(): { findings: number; files: number } {
  const found = vscode.languages
    .getDiagnostics()
    .map(([, diagnostics]) => diagnostics.filter((diagnostic) => diagnostic.source === 'sqla-lsp').length)
    .filter((number) => number > 0);
  return { findings: found.reduce((sum, number) => sum + number, 0), files: found.length };
}

function text(activity: Activity): string {
  switch (activity.kind) {
    case 'starting':
      return 'Starting';
    case 'reading':
      return 'Reading migrations';
    case 'stopped':
      return 'Not running';
    case 'ready': {
      const { findings, files } = counts();
      return findings === 0 ? 'No findings' : `${plural(findings, 'finding')} in ${plural(files, 'file')}`;
    }
  }
}

function detail(activity: Activity | undefined): string {
  switch (activity?.kind) {
    case 'reading':
      return activity.progress;
    case 'stopped':
      return activity.reason;
    default:
      return 'sqla-lsp';
  }
}

function plural(number: number, noun: string): string {
  return number === 1 ? `1 ${noun}` : `${number} ${noun}s`;
}
