"""The vocabulary: tables, columns, indexes, constraints, types and operations, as plain immutable data."""
