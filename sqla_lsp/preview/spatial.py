"""Types of PostGIS as GeoAlchemy2 writes them, and the index that a column of one brings along unless it says otherwise
(read from GeoAlchemy2 0.18, and compared with what it renders)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from sqla_lsp.preview.types import Spelled
from sqla_lsp.readers.arguments import Arguments, last_name
from sqla_lsp.syntax.values import CallValue, Value, path_of

_PACKAGE = "geoalchemy2"
_ARGUMENTS = {
    "Geometry": [
        "geometry_type",
        "srid",
        "dimension",
        "spatial_index",
        "use_N_D_index",
        "use_typmod",
        "from_text",
        "name",
        "nullable",
    ],
    "Raster": ["spatial_index", "from_text", "name", "nullable"],
}
_ARGUMENTS["Geography"] = _ARGUMENTS["Geometry"]


SPATIAL = frozenset(name.lower() for name in _ARGUMENTS)
"""The names that Postgres knows them by."""


class Spatial(Spelled):
    """A type of PostGIS. `indexed` says that its column brings an index along, `every_dimension` that it is one of all
    dimensions, and `by_hull` that it holds rasters."""

    cache_ok = True

    def __init__(self, spelling: str, indexed: bool, every_dimension: bool, by_hull: bool) -> None:
        super().__init__(spelling)
        self.indexed, self.every_dimension, self.by_hull = indexed, every_dimension, by_hull


def spatial_type(value: Value) -> Spatial | None:
    """The type of PostGIS that a value is; None for what is none, or is not known to the last argument."""
    call = value if isinstance(value, CallValue) else None
    path, name = path_of(value if call is None else call.function), last_name(value)
    if path is None or not path.startswith(f"{_PACKAGE}.") or name not in _ARGUMENTS:
        return None
    given = None if call is None else Arguments(call, _ARGUMENTS[name])

    def argument(key: str, default: Value) -> Value:
        return default if given is None else given.get(key, default)

    shape, srid = argument("geometry_type", "GEOMETRY"), argument("srid", -1)
    indexed, every = argument("spatial_index", True), argument("use_N_D_index", False)
    plain = argument("use_typmod", None) is not False and argument("nullable", True) is True
    plain = plain and argument("name", None) in (None, name.lower())
    if not plain or not isinstance(indexed, bool) or not isinstance(every, bool) or not isinstance(srid, int):
        return None
    if name == "Raster" or shape is None:
        return Spatial(name.lower(), indexed, every, name == "Raster")
    if not isinstance(shape, str):
        return None
    return Spatial(f"{name.lower()}({shape.upper()},{srid})", indexed, every, False)


def with_index(column: sa.Column[Any]) -> None:
    """Has the column bring its index along to the table that it comes to."""
    sa.event.listen(column, "after_parent_attach", _attached)


def _attached(column: sa.Column[Any], table: Any) -> None:
    if isinstance(table, sa.Table) and isinstance(column.type, Spatial):
        key: Any = sa.func.ST_ConvexHull(column) if column.type.by_hull else column
        operators = {column.name: "gist_geometry_ops_nd"} if column.type.every_dimension else {}
        options: dict[str, Any] = {"postgresql_using": "gist", "postgresql_ops": operators, "_column_flag": True}
        table.append_constraint(sa.Index(f"idx_{table.name}_{column.name}", key, **options))
