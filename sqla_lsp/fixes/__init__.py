"""Rewrites of migrations, one module each. The only layer that imports libcst."""
