/** Which workspace folders get a server, and which documents are theirs. Knows nothing of VS Code. */

/** Of some folders, those that lie in none of the others. Paths are absolute and have slashes, as in URIs. */
export function outermost(folders: readonly string[]): string[] {
  const closed = folders.map((folder) => (folder.endsWith('/') ? folder : `${folder}/`));
  return folders.filter((_, at) => !closed.some((other, from) => from !== at && closed[at] !== other && closed[at]?.startsWith(other)));
}

/** A glob pattern for all that lies in a folder, whatever its name is. */
export function inside(folder: string): string {
  return `${folder.replace(/[[\]{}*?]/g, '[$&]').replace(/[\\/]+$/, '')}/**/*`;
}
