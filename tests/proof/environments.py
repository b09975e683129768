"""The env.py of projects that are run: the two usual ways in which Alembic puts revisions into transactions."""

from __future__ import annotations

_ENV_PY = """from alembic import context
from sqlalchemy import engine_from_config, pool

config = context.config
target_metadata = None


def run_migrations_offline():
    context.configure(
        url=config.get_main_option("sqlalchemy.url"),
        target_metadata=target_metadata,
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},
    )
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online():
    connectable = engine_from_config(
        config.get_section(config.config_ini_section, {}),
        prefix="sqlalchemy.",
        poolclass=pool.NullPool,
    )
    with connectable.connect() as connection:
        context.configure(connection=connection, target_metadata=target_metadata)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
"""

DEFAULT = "one transaction"

ENVIRONMENTS = {
    DEFAULT: _ENV_PY,
    "transaction per migration": _ENV_PY.replace(
        "(connection=connection, target_metadata=target_metadata)",
        "(connection=connection, target_metadata=target_metadata, transaction_per_migration=True)",
    ),
}
"""env.py by what it does: all pending revisions in one transaction, as Alembic writes it, or each in its own."""
