/** Where the server is: looks in a fixed order, and says in words what it found. Knows nothing of VS Code. */

import * as path from 'node:path';

/** What the search depends on. Paths are absolute. */
export interface Surroundings {
  /** The setting `sqla-lsp.path`; empty where it is not set. */
  readonly configured: string;
  /** The workspace folder; all folders of the window; and whether programs in them may be run. */
  readonly folder: string;
  readonly folders: readonly string[];
  readonly trusted: boolean;
  /** The interpreter, or the folder of the environment, that the Python extension has chosen. */
  readonly interpreter: string | undefined;
  readonly platform: NodeJS.Platform;
  readonly home: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly isProgram: (file: string) => Promise<boolean>;
}

/** A server, with a phrase that says where it comes from. */
export interface Found {
  readonly kind: 'found';
  readonly program: string;
  readonly origin: string;
}

/** The setting names something that is no program. */
export interface Wrong {
  readonly kind: 'wrong';
  readonly program: string;
}

/** There is no server anywhere. */
export interface Missing {
  readonly kind: 'missing';
}

const ENVIRONMENTS = ['.venv', 'venv'];

/**
 * The server of a workspace folder: the one that the setting names; that of the environment of the workspace, first the one that the
 * Python extension has chosen; that which uv or pipx have installed; that on the PATH. What lies in the workspace is skipped where the
 * user does not trust it. A setting that leads nowhere is not passed over.
 */
export async function findServer(around: Surroundings): Promise<Found | Wrong | Missing> {
  const program = configuredProgram(around);
  if (program !== undefined) {
    const isThere = await around.isProgram(program);
    return isThere ? { kind: 'found', program, origin: 'the setting sqla-lsp.path' } : { kind: 'wrong', program };
  }
  for (const [origin, program] of candidates(around)) {
    if (await around.isProgram(program)) {
      return { kind: 'found', program, origin };
    }
  }
  return { kind: 'missing' };
}

/** The first of some programs that is on the PATH, or where uv and pipx put programs. */
export async function findProgram(name: string, around: Surroundings): Promise<string | undefined> {
  const file = executable(name, around);
  for (const folder of [...pathFolders(around), ...toolFolders(around)]) {
    const program = pathOf(around).join(folder, file);
    if (await around.isProgram(program)) {
      return program;
    }
  }
  return undefined;
}

function* candidates(around: Surroundings): Generator<[origin: string, program: string]> {
  const at = pathOf(around);
  const file = executable('sqla-lsp', around);
  if (around.trusted) {
    for (const folder of interpreterFolders(around)) {
      yield ['the environment chosen in the Python extension', at.join(folder, file)];
    }
    for (const name of ENVIRONMENTS) {
      yield [`the environment ${name} of the workspace`, at.join(around.folder, name, scripts(around), file)];
    }
  }
  for (const folder of toolFolders(around)) {
    yield ['uv tool or pipx', at.join(folder, file)];
  }
  for (const folder of pathFolders(around)) {
    yield ['the PATH', at.join(folder, file)];
  }
}

/** What the setting names; without trust that is no program of the workspace, whoever has said so. */
function configuredProgram(around: Surroundings): string | undefined {
  if (around.configured === '') {
    return undefined;
  }
  const at = pathOf(around);
  const expanded = around.configured.replaceAll('${workspaceFolder}', around.folder).replace(/^~(?=$|[\\/])/, around.home);
  const program = at.normalize(at.isAbsolute(expanded) ? expanded : at.join(around.folder, expanded));
  return around.trusted || !isInWorkspace(program, around) ? program : undefined;
}

/** The programs of an environment lie beside its interpreter, or below that on Windows; or below the folder of the environment. */
function interpreterFolders(around: Surroundings): string[] {
  const at = pathOf(around);
  if (around.interpreter === undefined || !at.isAbsolute(around.interpreter)) {
    return []; // it may be called by its name alone, where it is not known yet
  }
  const beside = at.dirname(around.interpreter);
  return [beside, at.join(beside, scripts(around)), at.join(around.interpreter, scripts(around))];
}

/** Where `uv tool install` and `pipx install` put programs. */
function toolFolders(around: Surroundings): string[] {
  const at = pathOf(around);
  const { UV_TOOL_BIN_DIR, XDG_BIN_HOME, PIPX_BIN_DIR } = around.variables;
  const named = [UV_TOOL_BIN_DIR, XDG_BIN_HOME, PIPX_BIN_DIR].filter((folder) => folder !== undefined);
  return [...named.filter((folder) => at.isAbsolute(folder)), at.join(around.home, '.local', 'bin')];
}

function pathFolders(around: Surroundings): string[] {
  const at = pathOf(around);
  const value = around.variables['PATH'] ?? around.variables['Path'] ?? '';
  return value.split(at.delimiter).filter((folder) => at.isAbsolute(folder) && (around.trusted || !isInWorkspace(folder, around)));
}

function isInWorkspace(file: string, around: Surroundings): boolean {
  const at = pathOf(around);
  return around.folders.some((folder) => {
    const way = at.relative(folder, file);
    return way !== '..' && !way.startsWith(`..${at.sep}`) && !at.isAbsolute(way);
  });
}

function scripts(around: Surroundings): string {
  return around.platform === 'win32' ? 'Scripts' : 'bin';
}

function executable(name: string, around: Surroundings): string {
  return around.platform === 'win32' ? `${name}.exe` : name;
}

function pathOf(around: Surroundings): path.PlatformPath {
  return around.platform === 'win32' ? path.win32 : path.posix;
}
