"""Rewrites of migrations and models, one module each. The only layer that imports libcst."""
