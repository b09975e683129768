"""What one file asks of the database: queries, the names that they are written with, and helpers that return conditions. It
knows no other file: entities and columns are paths of names."""

from sqla_lsp.readers.queries.anchors import has_queries
from sqla_lsp.readers.queries.blocks import read_queries
from sqla_lsp.readers.queries.helpers import read_condition
from sqla_lsp.readers.queries.names import read_names

__all__ = ["has_queries", "read_condition", "read_names", "read_queries"]
