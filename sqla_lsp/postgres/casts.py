"""What pg_cast and the catalogs of operator classes say of types, as far as changing the type of a column asks it."""

from __future__ import annotations

_OID_NAMES = """
regclass regcollation regconfig regdictionary regnamespace regoper regoperator regproc regprocedure regrole regtype
"""
OID_ALIASES = frozenset(_OID_NAMES.split())

STRINGS = frozenset({"text", "varchar", "bpchar", "name", "citext"})
"""The string types: every type is assigned to them through its text form, and from them none is, short of a USING."""

COLLATABLE = {"text": "default", "varchar": "default", "bpchar": "default", "citext": "default", "name": "C"}
"""Each collatable type with its own collation."""

RANGES = frozenset(
    f"{kind}{shape}" for kind in ("int4", "int8", "num", "ts", "tstz", "date") for shape in ("range", "multirange")
)

_UNLISTED_NAMES = """
box2d box2df box3d geography geometry halfvec raster sparsevec topogeometry uint1 uint2 uint4 uint8 vector
"""
UNLISTED = frozenset(_UNLISTED_NAMES.split())
"""Types of extensions with casts that are not all listed here, to and from other types than strings."""

_BINARY: dict[str, frozenset[str]] = {
    "text": frozenset({"varchar", "bpchar", "citext"}),
    "varchar": frozenset({"text", "bpchar", "citext"}),
    "citext": frozenset({"text", "varchar", "bpchar"}),
    "xml": frozenset({"text", "varchar", "bpchar"}),
    "bit": frozenset({"varbit"}),
    "varbit": frozenset({"bit"}),
    "cidr": frozenset({"inet"}),
    "int": OID_ALIASES | {"oid"},
    "oid": OID_ALIASES | {"int"},
    "regoper": frozenset({"regoperator"}),
    "regoperator": frozenset({"regoper"}),
    "regproc": frozenset({"regprocedure"}),
    "regprocedure": frozenset({"regproc"}),
    **{name: frozenset({"ean13", f"{name}13"}) for name in ("isbn", "ismn", "issn")},
    **{f"{name}13": frozenset({"ean13", name}) for name in ("isbn", "ismn", "issn")},
    "upc": frozenset({"ean13"}),
}

_ASSIGNED: dict[str, frozenset[str]] = {
    "smallint": OID_ALIASES | {"int", "bigint", "real", "double precision", "numeric", "oid"},
    "int": frozenset({"smallint", "bigint", "real", "double precision", "numeric", "money"}),
    "bigint": OID_ALIASES | {"smallint", "int", "real", "double precision", "numeric", "money", "oid"},
    "numeric": frozenset({"smallint", "int", "bigint", "real", "double precision", "money"}),
    "real": frozenset({"smallint", "int", "bigint", "double precision", "numeric"}),
    "double precision": frozenset({"smallint", "int", "bigint", "real", "numeric"}),
    "money": frozenset({"numeric"}),
    "oid": frozenset({"bigint"}),
    "date": frozenset({"timestamp", "timestamptz"}),
    "timestamp": frozenset({"date", "time", "timestamptz"}),
    "timestamptz": frozenset({"date", "time", "timetz", "timestamp"}),
    "time": frozenset({"timetz", "interval"}),
    "timetz": frozenset({"time"}),
    "interval": frozenset({"time"}),
    "text": frozenset({'"char"', "regclass", "geometry", "geography"}),
    "varchar": frozenset({'"char"', "regclass"}),
    "bpchar": frozenset({'"char"'}),
    "json": frozenset({"jsonb"}),
    "jsonb": frozenset({"json"}),
    "inet": frozenset({"cidr"}),
    "macaddr": frozenset({"macaddr8"}),
    "macaddr8": frozenset({"macaddr"}),
    "box": frozenset({"polygon"}),
    "path": frozenset({"polygon"}),
    "point": frozenset({"box"}),
    "polygon": frozenset({"path"}),
    "bytea": frozenset({"geometry", "geography"}),
    "geometry": frozenset({"geography", "bytea"}),
    "geography": frozenset({"bytea"}),
}

_INDEXED_AS = {"varchar": "text", "cidr": "inet", **dict.fromkeys(OID_ALIASES, "oid")}


def same_bytes(old: str, new: str) -> bool:
    """Whether values of `old` are valid as they are stored for `new`: there is a cast WITHOUT FUNCTION that is not explicit."""
    return new in _BINARY.get(old, ()) or (old in OID_ALIASES and new in ("oid", "int"))


def assigned(old: str, new: str, version: int) -> bool:
    """Whether Postgres converts `old` to `new` of its own accord, so that no USING is needed."""
    if same_bytes(old, new) or new in _ASSIGNED.get(old, ()) or new in STRINGS:
        return True
    if new == '"char"' and version < 15:  # a string type until then; of int there is an explicit cast, which takes precedence
        return old != "int"
    return old in OID_ALIASES and new == "bigint"


def indexed_as(name: str) -> str:
    """The type whose btree operator class an index on a column of type `name` takes when it names none."""
    return _INDEXED_AS.get(name, name)
