"""Output formats of `sqla-lsp check`, one module each. They see findings and sources, never the project."""
