"""Reads models: the classes and tables that the top level of a module declares, evaluated together with the project's modules."""

from sqla_lsp.readers.models.reader import is_models as is_models
from sqla_lsp.readers.models.reader import read_models as read_models
from sqla_lsp.readers.models.reuse import KnownModels as KnownModels
