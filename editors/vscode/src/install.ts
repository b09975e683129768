/** Offers to install the server where there is none: says so, shows what would be run, and runs it when asked to. */

import * as vscode from 'vscode';
import { findProgram } from './discovery';
import { surroundings } from './surroundings';

const INSTALLERS: readonly (readonly [name: string, args: readonly string[]])[] = [
  ['uv', ['tool', 'install', 'sqla-lsp']],
  ['pipx', ['install', 'sqla-lsp']],
];

export class Installer {
  private asked = false;

  /** `installed` is called when the server has been installed. */
  constructor(private readonly installed: () => Promise<void>) {}

  /** Asks once in a session. */
  async offer(folder: vscode.WorkspaceFolder): Promise<void> {
    if (this.asked) {
      return;
    }
    this.asked = true;
    const around = await surroundings(folder);
    const offers = await Promise.all(INSTALLERS.map(async ([name, args]) => ({ name, args, program: await findProgram(name, around) })));
    const offer = offers.find(({ program }) => program !== undefined);
    const sentence = 'This workspace uses SQLAlchemy or Alembic, and there is no sqla-lsp to check it with.';
    if (offer?.program === undefined) {
      const hint = 'Install it with "pip install sqla-lsp" in the environment of the workspace, or name a program in the settings.';
      const chosen = await vscode.window.showWarningMessage(`${sentence} ${hint}`, 'Open Settings', 'Try Again');
      await this.answer(chosen);
      return;
    }
    const command = [offer.name, ...offer.args].join(' ');
    const button = `Run ${command}`;
    const chosen = await vscode.window.showWarningMessage(`${sentence} "${command}" installs it for you alone.`, button, 'Open Settings');
    if (chosen === button) {
      await this.run(offer.program, offer.args);
    } else {
      await this.answer(chosen);
    }
  }

  private async answer(chosen: string | undefined): Promise<void> {
    if (chosen === 'Open Settings') {
      await vscode.commands.executeCommand('workbench.action.openSettings', 'sqla-lsp.path');
    } else if (chosen === 'Try Again') {
      this.asked = false;
      await this.installed();
    }
  }

  /** Runs the command in a terminal that the user sees. */
  private async run(program: string, args: readonly string[]): Promise<void> {
    const execution = new vscode.ProcessExecution(program, [...args]);
    const task = new vscode.Task({ type: 'sqla-lsp' }, vscode.TaskScope.Workspace, 'Install sqla-lsp', 'sqla-lsp', execution);
    task.presentationOptions = { reveal: vscode.TaskRevealKind.Always };
    const running = await vscode.tasks.executeTask(task);
    const ended = vscode.tasks.onDidEndTaskProcess((event) => {
      if (event.execution === running) {
        ended.dispose();
        this.asked = event.exitCode !== 0;
        void (event.exitCode === 0 ? this.installed() : undefined);
      }
    });
  }
}
