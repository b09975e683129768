/** Whether files say that a project uses SQLAlchemy or Alembic. Knows nothing of VS Code, and never runs anything. */

/** Files whose being there says it. */
export const NAMES = ['alembic.ini', 'script.py.mako', '.sqla-lsp.toml'] as const;

/** Files that may say it, as globs below `**` + `/`: what a project depends on, and what Alembic is configured by. */
export const TEXTS = [
  'env.py',
  'pyproject.toml',
  'requirements*.txt',
  'requirements*.in',
  'requirements/*.txt',
  'setup.cfg',
  'setup.py',
  'Pipfile',
] as const;

/** Those that are read first, without a search: where most projects have them. */
export const USUAL = ['pyproject.toml', 'requirements.txt', 'migrations/env.py', 'alembic/env.py'] as const;

/** Environments in a folder, which may have SQLAlchemy installed. */
export const ENVIRONMENTS = ['.venv', 'venv'] as const;

const NAMED = /sqlalchemy|sqlmodel|sqla-lsp|flask[-_]migrate|(?<![a-z])alembic(?![a-z])/i;
const IMPORTED = /^[ \t]*(?:from|import)[ \t]+(?:sqlalchemy|alembic|sqlmodel|flask_sqlalchemy|flask_migrate)\b/m;

/** Whether the text of one of those files names SQLAlchemy, Alembic, or what brings them along. */
export function names(text: string): boolean {
  return NAMED.test(text);
}

/** Whether Python code imports one of them. */
export function imports(code: string): boolean {
  return IMPORTED.test(code);
}
