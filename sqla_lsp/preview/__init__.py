"""The SQL that a migration emits, rendered by Alembic itself from arguments that were evaluated statically, and what each
statement does to the database.

Nothing of a project is imported, called or connected to: what is built here are objects of SQLAlchemy's own classes, from
literals. Alembic and SQLAlchemy are imported here and nowhere else, when the first statement is rendered.
"""
