---@brief
---
--- https://github.com/sqla-lsp/sqla-lsp
---
--- A language server for SQLAlchemy and Alembic projects on Postgres: migrations that make other people wait, and queries that
--- read a whole table, with fixes.
---
--- It can be installed with `uv tool install sqla-lsp` or `pipx install sqla-lsp`.

---@type vim.lsp.Config
return {
  cmd = { 'sqla-lsp', 'server' },
  filetypes = { 'python' },
  root_markers = { '.sqla-lsp.toml', 'pyproject.toml', 'alembic.ini', '.git' },
}
