/** The process of a server: it is started, and it ends when it is told to, whatever state it is in. Knows nothing of VS Code. */

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';

/** How long a server may take to end by itself, in milliseconds. */
const PATIENCE = 2000;

/** Starts `program server` in a folder, or elsewhere where that is gone. Rejects, with a reason in words, where it cannot. */
export async function started(program: string, folder: string): Promise<ChildProcessWithoutNullStreams> {
  const isThere = await stat(folder).then((found) => found.isDirectory(), () => false);
  const child = spawn(program, ['server'], isThere ? { cwd: folder } : {});
  await once(child, 'spawn');
  return child;
}

/** Ends a process: it may take its time, but not for ever. `patience` is in milliseconds. */
export async function ended(child: ChildProcessWithoutNullStreams, patience = PATIENCE): Promise<void> {
  if (!isAlive(child)) {
    return;
  }
  const exit = once(child, 'exit');
  child.kill();
  const impatience = setTimeout(() => child.kill('SIGKILL'), patience);
  await exit;
  clearTimeout(impatience);
}

/** The same for one that was told to end, and is about to. */
export async function endedByItself(child: ChildProcessWithoutNullStreams, patience = PATIENCE): Promise<void> {
  if (isAlive(child)) {
    const late = AbortSignal.timeout(patience);
    await once(child, 'exit', { signal: late }).catch(() => ended(child, patience));
  }
}

/** Whether a process still runs. */
export function isAlive(child: ChildProcessWithoutNullStreams): boolean {
  return child.exitCode === null && child.signalCode === null;
}
