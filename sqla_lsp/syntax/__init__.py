"""Python syntax: trees, code as plain data, and its evaluation without running it. It knows no SQLAlchemy."""
