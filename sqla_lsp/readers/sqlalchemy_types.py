"""Types of SQLAlchemy, its dialects, its neighbours and the project, down to the Postgres type that they are rendered as
(SQLAlchemy 2.0's PGTypeCompiler)."""

from __future__ import annotations

from collections.abc import Callable

from sqla_lsp.postgres.type_names import parse_type
from sqla_lsp.readers.arguments import NOT_KNOWN, Arguments, last_name, text_of
from sqla_lsp.schema.names import Unknown
from sqla_lsp.schema.types import PgType
from sqla_lsp.syntax.frames import Frame
from sqla_lsp.syntax.functions import ancestors, call_function, find_member, is_enum, members
from sqla_lsp.syntax.items import items_of
from sqla_lsp.syntax.machine import Machine
from sqla_lsp.syntax.values import CallValue, ClassValue, FunctionValue, Instance, Member, Symbol, Value, path_of
from sqla_lsp.text.places import Place

_PLACE = Place(0, 0)

_PLAIN = {
    "Integer": "int",
    "INTEGER": "int",
    "INT": "int",
    "BigInteger": "bigint",
    "BIGINT": "bigint",
    "SmallInteger": "smallint",
    "SMALLINT": "smallint",
    "Boolean": "boolean",
    "BOOLEAN": "boolean",
    "BOOL": "boolean",
    "Date": "date",
    "DATE": "date",
    "Double": "double precision",
    "DOUBLE": "double precision",
    "DOUBLE_PRECISION": "double precision",
    "REAL": "real",
    "LargeBinary": "bytea",
    "PickleType": "bytea",
    "BYTEA": "bytea",
    "JSON": "json",
    "JSONB": "jsonb",
    "Uuid": "uuid",
    "UUID": "uuid",
    "INET": "inet",
    "CIDR": "cidr",
    "MACADDR": "macaddr",
    "MACADDR8": "macaddr8",
    "MONEY": "money",
    "OID": "oid",
    "REGCLASS": "regclass",
    "REGCONFIG": "regconfig",
    "TSVECTOR": "tsvector",
    "TSQUERY": "tsquery",
    "HSTORE": "hstore",
    "CITEXT": "citext",
    "CIText": "citext",
    "XML": "xml",
    "INT4RANGE": "int4range",
    "INT8RANGE": "int8range",
    "NUMRANGE": "numrange",
    "DATERANGE": "daterange",
    "TSRANGE": "tsrange",
    "TSTZRANGE": "tstzrange",
    "INT4MULTIRANGE": "int4multirange",
    "INT8MULTIRANGE": "int8multirange",
    "NUMMULTIRANGE": "nummultirange",
    "DATEMULTIRANGE": "datemultirange",
    "TSMULTIRANGE": "tsmultirange",
    "TSTZMULTIRANGE": "tstzmultirange",
    "Geometry": "geometry",
    "Geography": "geography",
    "Raster": "raster",
    "LtreeType": "ltree",
    "LTREE": "ltree",
    "TSVectorType": "tsvector",
    "EmailType": "varchar(255)",
    "URLType": "text",
    "IPAddressType": "varchar(50)",
    "CountryType": "varchar(2)",
    "CurrencyType": "varchar(3)",
    "LocaleType": "varchar(10)",
    "TimezoneType": "varchar(50)",
    "ColorType": "varchar(20)",
    "JSONType": "json",
    "ArrowType": "timestamp",
    "UUIDType": "uuid",
}
_NEIGHBOURS = {
    "advanced_alchemy": {"GUID": "uuid", "DateTimeUTC": "timestamptz", "BigIntIdentity": "bigint", "JsonB": "jsonb"},
    "fastapi_restful": {"GUID": "uuid"},
    "fastapi_users_db_sqlalchemy": {"GUID": "uuid"},
    "fastapi_utils": {"GUID": "uuid"},
    "oslo_db": {"JsonEncodedDict": "text", "JsonEncodedList": "text", "SoftDeleteInteger": "int"},
    "sqlalchemy_json": {"MutableJson": "json", "NestedMutableJson": "json"},
    "sqlmodel": {"GUID": "uuid"},
    "sqlalchemy_utc": {"UtcDateTime": "timestamptz"},
    "sqlalchemy_utils": {
        "EncryptedType": "bytea",
        "ScalarListType": "text",
        "StringEncryptedType": "varchar",
    },
}
"""Types of packages beside SQLAlchemy, by the package: what they are on Postgres whatever they are given (compiled with each)."""
_EXTENSIONS = frozenset({"citext", "hstore", "geometry", "geography", "raster", "ltree", "vector"})
_SIZED = frozenset({"varchar", "char", "numeric", "bit", "varbit", "timestamp", "timestamptz", "time", "timetz", "interval"})
_LENGTHS = {
    "String": "varchar",
    "VARCHAR": "varchar",
    "Unicode": "varchar",
    "NVARCHAR": "varchar",
    "AutoString": "varchar",
    "CHAR": "char",
    "NCHAR": "char",
    "Text": "text",
    "UnicodeText": "text",
    "TEXT": "text",
}


def type_of(machine: Machine, frame: Frame, value: Value) -> PgType | Unknown:
    """The Postgres type of a value that stands for a type, Unknown where it cannot be told."""
    if isinstance(value, Symbol | Member):
        return _library_type(machine, frame, value, CallValue(value, (), {}, _PLACE))
    if isinstance(value, CallValue):
        if last_name(value) == "with_variant" and isinstance(value.function, Member):
            return _variant(machine, frame, value, value.function.base)
        if last_name(value) == "as_mutable" and value.positional:  # `MutableDict.as_mutable(JSONB)`
            return type_of(machine, frame, value.positional[0])
        return _library_type(machine, frame, value.function, value)
    if isinstance(value, ClassValue):
        return _project_type(machine, frame, value, (), {})
    if isinstance(value, Instance):
        return _project_type(machine, frame, value.cls, value.positional, value.keywords)
    return value if isinstance(value, Unknown) else NOT_KNOWN


def library_type(value: Value) -> PgType | Unknown:
    """The type of a value that goes by nothing of the project."""
    name = last_name(value)
    if name in _LENGTHS:
        return _of_length(_LENGTHS[name], value if isinstance(value, CallValue) else CallValue(value, (), {}, _PLACE))
    return PgType(_PLAIN[name]) if name in _PLAIN and "(" not in _PLAIN[name] else NOT_KNOWN


def _variant(machine: Machine, frame: Frame, call: CallValue, base: Value) -> PgType | Unknown:
    """`A().with_variant(B(), "postgresql")`: B counts on Postgres."""
    dialects = [text_of(value) for value in call.positional[1:]]
    if "postgresql" in dialects:
        return type_of(machine, frame, call.positional[0])
    if any(isinstance(dialect, Unknown) for dialect in dialects) or call.open:
        return NOT_KNOWN
    return type_of(machine, frame, base)


def _library_type(machine: Machine, frame: Frame, function: Value, call: CallValue) -> PgType | Unknown:
    name = last_name(function)
    path = path_of(function) or ""
    if path.startswith("builtins."):
        return NOT_KNOWN
    neighbour = _NEIGHBOURS.get(path.partition(".")[0], {}).get(name)
    if neighbour is not None:
        return PgType(neighbour)
    handler = _HANDLERS.get(name)
    if handler is not None:
        return handler(machine, frame, call)
    if name in _LENGTHS:
        return _of_length(_LENGTHS[name], call)
    if name == "Vector" or name == "VECTOR":
        dimensions = Arguments(call, ["dim"]).get("dim")
        return PgType("vector", (dimensions,) if isinstance(dimensions, int) else (), kind="extension")
    if name in _PLAIN:
        plain = _PLAIN[name]
        if plain == "uuid" and call.keywords.get("native_uuid", call.keywords.get("native")) is False:
            return PgType("char", (32,))
        return parse_type(plain) if "(" in plain else PgType(plain, kind="extension" if plain in _EXTENSIONS else "builtin")
    return Unknown(f"the type {name} is not known") if name else NOT_KNOWN


def _of_length(name: str, call: CallValue) -> PgType | Unknown:
    arguments = Arguments(call, ["length", "collation"])
    length = arguments.get("length")
    collation = text_of(arguments.get("collation"))
    if isinstance(collation, Unknown) or not (length is None or isinstance(length, int)):
        return NOT_KNOWN
    if length is None and name == "char":
        length = 1
    return PgType(name, () if length is None or name == "text" else (length,), collation=collation)


def _timestamp(name: str, timezone_name: str) -> Callable[[Machine, Frame, CallValue], PgType | Unknown]:
    def read(machine: Machine, frame: Frame, call: CallValue) -> PgType | Unknown:
        arguments = Arguments(call, ["timezone", "precision"])
        timezone, precision = arguments.flag("timezone"), arguments.get("precision")
        if isinstance(timezone, Unknown) or not (precision is None or isinstance(precision, int)):
            return NOT_KNOWN
        return PgType(timezone_name if timezone else name, () if precision is None else (precision,))

    return read


def _numeric(machine: Machine, frame: Frame, call: CallValue) -> PgType | Unknown:
    arguments = Arguments(call, ["precision", "scale"])
    precision, scale = arguments.get("precision"), arguments.get("scale")
    if precision is None:
        return PgType("numeric")
    if not isinstance(precision, int) or not (scale is None or isinstance(scale, int)):
        return NOT_KNOWN
    return PgType("numeric", (precision, scale or 0))


def _float(machine: Machine, frame: Frame, call: CallValue) -> PgType | Unknown:
    precision = Arguments(call, ["precision"]).get("precision")
    if precision is None:
        return PgType("double precision")
    if not isinstance(precision, int):
        return NOT_KNOWN
    return PgType("real" if precision <= 24 else "double precision")


def _interval(machine: Machine, frame: Frame, call: CallValue) -> PgType | Unknown:
    if last_name(call) == "Interval":
        precision = Arguments(call, ["native", "second_precision"]).get("second_precision")
        return PgType("interval", (precision,) if isinstance(precision, int) else ())
    arguments = Arguments(call, ["precision", "fields"])
    precision, fields = arguments.get("precision"), text_of(arguments.get("fields"))
    if isinstance(fields, Unknown) or not (precision is None or isinstance(precision, int)):
        return NOT_KNOWN
    spelled = "interval" + (f" {fields}" if fields else "") + (f"({precision})" if precision is not None else "")
    return parse_type(spelled)


def _bit(machine: Machine, frame: Frame, call: CallValue) -> PgType | Unknown:
    arguments = Arguments(call, ["length", "varying"])
    length, varying = arguments.get("length"), arguments.flag("varying")
    if isinstance(varying, Unknown) or not (length is None or isinstance(length, int)):
        return NOT_KNOWN
    if varying:
        return PgType("varbit", () if length is None else (length,))
    return PgType("bit", (length or 1,))


def _array(machine: Machine, frame: Frame, call: CallValue) -> PgType | Unknown:
    arguments = Arguments(call, ["item_type", "as_tuple", "dimensions", "zero_indexes"])
    item = type_of(machine, frame, arguments.required("item_type"))
    dimensions = arguments.get("dimensions")
    if isinstance(item, Unknown):
        return item
    more = dimensions if isinstance(dimensions, int) else 1
    return PgType(
        item.name, item.arguments, item.dimensions + more, item.collation, item.kind, item.labels, item.base, item.checked
    )


def _choice(machine: Machine, frame: Frame, call: CallValue) -> PgType | Unknown:
    """sqlalchemy_utils' type of values to choose from: what it is said to be stored as."""
    stored = Arguments(call, ["choices", "impl"]).get("impl")
    return PgType("varchar", (255,)) if stored is None else type_of(machine, frame, stored)


def _phone_number(machine: Machine, frame: Frame, call: CallValue) -> PgType | Unknown:
    length = Arguments(call, ["region", "max_length"]).get("max_length", 20)
    return PgType("varchar", (length,)) if isinstance(length, int) else NOT_KNOWN


def _domain(machine: Machine, frame: Frame, call: CallValue) -> PgType | Unknown:
    arguments = Arguments(call, ["name", "data_type"])
    name, base = text_of(arguments.required("name")), type_of(machine, frame, arguments.required("data_type"))
    if not isinstance(name, str):
        return NOT_KNOWN
    return PgType(
        name,
        kind="domain",
        base=None if isinstance(base, Unknown) else base,
        checked=arguments.has("check") and arguments.get("check") is not None,
    )


def _enum(machine: Machine, frame: Frame, call: CallValue) -> PgType | Unknown:
    labels, class_name = _labels(machine, call)
    native = call.keywords.get("native_enum", True)
    if native is False:
        length = call.keywords.get("length")
        if length is None and isinstance(labels, tuple):
            length = max(map(len, labels), default=0)
        return PgType("varchar", (length,)) if isinstance(length, int) else NOT_KNOWN
    if native is not True:
        return NOT_KNOWN
    name = text_of(call.keywords.get("name", class_name))
    schema = text_of(call.keywords.get("schema"))
    if not isinstance(name, str) or isinstance(schema, Unknown):
        return NOT_KNOWN
    known = labels if isinstance(labels, tuple) else None
    return PgType(f"{schema}.{name}" if schema else name, kind="enum", labels=known)


def _labels(machine: Machine, call: CallValue) -> tuple[tuple[str, ...] | Unknown, Value]:
    """The labels of an Enum, and the name that it has where none is given."""
    if call.open or not call.positional:
        return NOT_KNOWN, NOT_KNOWN
    first = call.positional[0]
    if isinstance(first, ClassValue) and is_enum(machine, first):
        names = tuple([m.enum_name or "" for m in members(machine, first)])
        chosen = call.keywords.get("values_callable")
        if chosen is not None:
            return _chosen_labels(machine, chosen, first), first.name.lower()
        return names, first.name.lower()
    if isinstance(first, Symbol):
        return NOT_KNOWN, last_name(first).lower()
    labels = [text_of(value) for value in call.positional]
    known = tuple([label for label in labels if isinstance(label, str)])
    return (known if len(known) == len(labels) else NOT_KNOWN), NOT_KNOWN


def _chosen_labels(machine: Machine, chosen: Value, cls: ClassValue) -> tuple[str, ...] | Unknown:
    """What `values_callable` gives for an enum."""
    if not isinstance(chosen, FunctionValue):
        return NOT_KNOWN
    items, is_open = items_of(machine, call_function(machine, cls.closure, chosen, (cls,), {}, False, None))
    labels = tuple([item for item in items if isinstance(item, str)])
    return labels if labels and len(labels) == len(items) and not is_open else NOT_KNOWN


def _project_type(
    machine: Machine, frame: Frame, cls: ClassValue, positional: tuple[Value, ...], keywords: dict[str, Value]
) -> PgType | Unknown:
    """A subclass of a library's type that the project defines."""
    outside = next((base for base in ancestors(cls) if isinstance(base, Symbol)), None)
    if outside is None:
        return Unknown(f"the type {cls.name} is not known")
    path = outside.path
    if path.endswith("TypeDecorator"):
        return _decorated_type(machine, frame, cls, positional, keywords)
    if path.endswith("UserDefinedType"):
        method = find_member(machine, cls, "get_col_spec")
        if isinstance(method, FunctionValue):
            spec = call_function(machine, frame, method, (_instance(cls, positional, keywords),), {}, True, None)
            return parse_type(spec) if isinstance(spec, str) else NOT_KNOWN
        return NOT_KNOWN
    return type_of(machine, frame, CallValue(outside, positional, keywords, _PLACE))


def is_described_by_dialect(machine: Machine, frame: Frame, value: Value) -> bool:
    """Whether a type of the project is what `dialect.type_descriptor()` gives: the driver's own kind of it."""
    made = _instance(value, (), {}) if isinstance(value, ClassValue) else value
    if not isinstance(made, Instance):
        return False
    loaded = _loaded(machine, frame, made.cls, made.positional, made.keywords)
    return isinstance(loaded, CallValue) and last_name(loaded) == "type_descriptor"


def _loaded(machine: Machine, frame: Frame, cls: ClassValue, positional: tuple[Value, ...], keywords: dict[str, Value]) -> Value:
    """What `load_dialect_impl` answers on Postgres; NotImplemented where a class has none of its own."""
    loader = find_member(machine, cls, "load_dialect_impl")
    if not isinstance(loader, FunctionValue):
        return NotImplemented  # type: ignore[no-any-return]
    given = (_instance(cls, positional, keywords), Symbol("sqla_lsp.dialect"))
    return call_function(machine, frame, loader, given, {}, False, None)


def _decorated_type(
    machine: Machine, frame: Frame, cls: ClassValue, positional: tuple[Value, ...], keywords: dict[str, Value]
) -> PgType | Unknown:
    """A TypeDecorator: what `load_dialect_impl` answers on Postgres, else `impl` with the arguments of the call."""
    loaded = _loaded(machine, frame, cls, positional, keywords)
    if loaded is not NotImplemented:
        if isinstance(loaded, CallValue) and last_name(loaded) == "type_descriptor" and loaded.positional:
            return type_of(machine, frame, loaded.positional[0])
        if not (isinstance(loaded, Member | CallValue) and last_name(loaded) in ("impl", "load_dialect_impl")):
            return NOT_KNOWN
    implementation = find_member(machine, cls, "impl")
    if implementation is NotImplemented:
        return NOT_KNOWN
    if isinstance(implementation, Symbol | ClassValue) and not isinstance(find_member(machine, cls, "__init__"), FunctionValue):
        if isinstance(implementation, ClassValue):
            return _project_type(machine, frame, implementation, positional, keywords)
        return type_of(machine, frame, CallValue(implementation, positional, keywords, _PLACE))
    made = type_of(machine, frame, implementation)
    if isinstance(implementation, Symbol) and isinstance(made, PgType) and made.name in _SIZED:
        return NOT_KNOWN  # its own __init__ may give a length
    return made


def _instance(cls: ClassValue, positional: tuple[Value, ...], keywords: dict[str, Value]) -> Instance:
    return Instance(cls, positional=positional, keywords=keywords)


_HANDLERS: dict[str, Callable[[Machine, Frame, CallValue], PgType | Unknown]] = {
    "DateTime": _timestamp("timestamp", "timestamptz"),
    "DATETIME": _timestamp("timestamp", "timestamptz"),
    "TIMESTAMP": _timestamp("timestamp", "timestamptz"),
    "TIMESTAMPAware": _timestamp("timestamp", "timestamptz"),
    "Time": _timestamp("time", "timetz"),
    "TIME": _timestamp("time", "timetz"),
    "Numeric": _numeric,
    "NUMERIC": _numeric,
    "DECIMAL": _numeric,
    "Float": _float,
    "FLOAT": _float,
    "Interval": _interval,
    "INTERVAL": _interval,
    "BIT": _bit,
    "ARRAY": _array,
    "DOMAIN": _domain,
    "Enum": _enum,
    "ENUM": _enum,
    "ChoiceType": _choice,
    "PhoneNumberType": _phone_number,
}
