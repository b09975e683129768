"""Real editors, without a screen: each opens a migration with the configuration that `editors/` ships, sees the finding, applies
the quick fix and saves. See `__main__.py` for the command."""
