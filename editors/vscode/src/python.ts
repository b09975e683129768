/** What the Python extension has chosen, where it is installed. Nothing here needs it. */

import * as vscode from 'vscode';

const PATIENCE = 300;

interface PythonExtension {
  readonly environments?: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { readonly path: string };
    readonly onDidChangeActiveEnvironmentPath: vscode.Event<unknown>;
  };
}

/** The interpreter, or the folder of the environment, that is chosen for a workspace folder. The extension is not waited for long. */
export async function chosenInterpreter(folder: vscode.Uri): Promise<string | undefined> {
  const extension = pythonExtension();
  if (extension === undefined) {
    return undefined;
  }
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE, undefined));
  const api = await Promise.race([activated(extension), late]);
  try {
    return api?.environments?.getActiveEnvironmentPath(folder).path;
  } catch {
    return undefined; // it is somebody else's code
  }
}

/** Calls back when another environment is chosen, also when that happens for the first time. */
export function onDidChooseInterpreter(changed: () => void): vscode.Disposable {
  const subscriptions: vscode.Disposable[] = [];
  const extension = pythonExtension();
  if (extension !== undefined) {
    void activated(extension).then((api) => {
      const events = api?.environments;
      if (events !== undefined) {
        subscriptions.push(events.onDidChangeActiveEnvironmentPath(changed));
        changed();
      }
    });
  }
  return new vscode.Disposable(() => {
    subscriptions.forEach((subscription) => void subscription.dispose());
  });
}

function pythonExtension(): vscode.Extension<PythonExtension> | undefined {
  return vscode.extensions.getExtension<PythonExtension>('ms-python.python');
}

/** Its API; undefined where it does not come up. */
async function activated(extension: vscode.Extension<PythonExtension>): Promise<PythonExtension | undefined> {
  try {
    return await extension.activate();
  } catch {
    return undefined;
  }
}
