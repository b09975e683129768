/** From settings of the editor to the initialization options of the server. Knows nothing of VS Code. */

/** The settings that are keys of `[tool.sqla-lsp]`, by their names in the editor. */
export const KEYS = {
  select: 'select',
  ignore: 'ignore',
  perFileIgnores: 'per-file-ignores',
  severity: 'severity',
  exclude: 'exclude',
  extendExclude: 'extend-exclude',
  postgresVersion: 'postgres-version',
  dialect: 'dialect',
  startAfter: 'start-after',
  smallTables: 'small-tables',
  maxIndexColumns: 'max-index-columns',
  queryExclude: 'query-exclude',
  respectGitignore: 'respect-gitignore',
} as const;

/** What the server is told. */
export interface Options {
  readonly 'diagnostic-mode': string;
  readonly 'configuration-preference': string;
  readonly 'inlay-hints'?: true;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** `chosen` gives the value of a setting where the user has set it, and undefined elsewhere. */
export function optionsFrom(chosen: (name: string) => unknown): Options {
  const settings = Object.entries(KEYS).map(([name, key]) => [key, chosen(name)] as const);
  return {
    'diagnostic-mode': textOr(chosen('diagnosticMode'), 'open-files'),
    'configuration-preference': textOr(chosen('configurationPreference'), 'filesystem-first'),
    ...(chosen('inlayHints') === true ? { 'inlay-hints': true } : {}),
    settings: Object.fromEntries(settings.filter(([, value]) => value !== undefined && value !== null)),
  };
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}
