"""A language server and linter for SQLAlchemy and Alembic on Postgres."""

__version__ = "0.1.0"
