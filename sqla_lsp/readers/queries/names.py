"""What the top level of a module binds: imports, classes with what they hold, aliases. Methods are not read, but `__init__`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec.structs import replace
from tree_sitter import Node

from sqla_lsp.readers.queries.anchors import cut, cut_class
from sqla_lsp.readers.queries.annotations import annotated, class_path
from sqla_lsp.schema.modules import ClassNames, ModuleNames
from sqla_lsp.schema.queries import Alias, GlobalName, NotTold, Path
from sqla_lsp.syntax import code
from sqla_lsp.syntax.lower_statements import Statements
from sqla_lsp.syntax.lowering import kind
from sqla_lsp.syntax.pieces import Piece
from sqla_lsp.syntax.tree import parse

_IMPORTANT = frozenset(
    kind(name) for name in ("import_statement", "import_from_statement", "expression_statement", "if_statement", "try_statement")
)
_LONGEST_ASSIGNMENT = 400
_EXPRESSION = kind("expression_statement")
_ASSIGNMENT = kind("assignment")
_PATHS = frozenset({kind("identifier"), kind("attribute"), kind("parenthesized_expression"), _ASSIGNMENT})
_TELLING = frozenset({_EXPRESSION, kind("class_definition"), kind("function_definition"), kind("decorated_definition")})


def read_names(data: bytes) -> ModuleNames:
    """The names of a module, as UTF-8 text. It never raises."""
    names = _Names()
    for piece in cut(data):
        if piece.kind == "function":
            names.functions.append(piece.name)
        elif piece.kind == "class":
            names.classes[piece.name] = _class(data[piece.start : piece.end])
        else:
            text = data[piece.start : piece.end]
            if b"import" in text or b"=" in text:
                names.read(_statements(text))
    return ModuleNames(names.imports, tuple(names.stars), names.classes, names.aliases, tuple(names.functions))


class _Names:
    def __init__(self) -> None:
        self.imports: dict[str, tuple[str, int, str | None]] = {}
        self.stars: list[tuple[str, int]] = []
        self.classes: dict[str, ClassNames] = {}
        self.aliases: dict[str, Path] = {}
        self.functions: list[str] = []

    def read(self, statements: Iterator[code.Statement] | tuple[code.Statement, ...]) -> None:
        for statement in statements:
            if isinstance(statement, code.ImportFrom):
                for name in statement.names:
                    if name.name == "*":
                        self.stars.append((statement.module, statement.level))
                    else:
                        self.imports[name.bound] = (statement.module, statement.level, name.name)
            elif isinstance(statement, code.Import):
                for name in statement.names:
                    whole = name.bound != name.name.partition(".")[0]
                    self.imports[name.bound] = (name.name if whole else name.bound, 0, None)
            elif isinstance(statement, code.Assign):
                self._assign(statement)
            elif isinstance(statement, code.If):
                self.read((*statement.then, *statement.otherwise))
            elif isinstance(statement, code.Try):
                handlers = [inner for handler in statement.handlers for inner in handler.body]
                self.read((*handlers, *statement.otherwise, *statement.body))
            elif isinstance(statement, code.Function):
                self.functions.append(statement.name)
            elif isinstance(statement, code.Class):
                self.classes[statement.name] = class_names(statement)

    def _assign(self, node: code.Assign) -> None:
        path = _aliased(node.value)
        for target in node.targets:
            if isinstance(target, code.Name):
                if path is not None:
                    self.aliases[target.id] = _placeless(path)
                else:
                    self.aliases.pop(target.id, None)


def _statements(text: bytes) -> Iterator[code.Statement]:
    """The statements of a piece that may bind something we need: long tables of constants are passed over."""
    lowering = Statements(text, 0)
    for node in parse(text).root_node.children:
        if node.kind_id not in _IMPORTANT:
            continue
        if node.type == "expression_statement" and node.end_byte - node.start_byte > _LONGEST_ASSIGNMENT:
            continue
        statement = lowering.statement(node)
        if statement is not None:
            yield statement


def _aliased(node: code.Expression | None) -> Path | None:
    """A value that is the path of something else: a dotted name, `aliased(X)`, `X.alias()`."""
    if isinstance(node, code.Name | code.Attribute):
        return class_path(node)
    if isinstance(node, code.Call):
        function = node.function
        name = code.last_name(function)
        first = node.arguments[0].value if node.arguments and node.arguments[0].stars == 0 else None
        if name == "aliased" and first is not None and len([a for a in node.arguments if a.keyword is None]) == 1:
            of = _aliased(first)
            return None if of is None else Path(Alias(f"at {node.start}", of), (), node.start, node.end)
        if name == "alias" and isinstance(function, code.Attribute):
            of = _aliased(function.value)
            return None if of is None else Path(Alias(f"at {node.start}", of), (), node.start, node.end)
    return None


# ---------------------------------------------------------------------------------------------------------------- classes


@lru_cache(maxsize=512)
def _class(data: bytes) -> ClassNames:
    """A class by its text, of which the header, the body between methods and `__init__` are parsed. While somebody types in a
    file its other classes are known."""
    piece = Piece(0, len(data), "class")
    parts = [
        data[part.start : part.end]
        for part in cut_class(data, piece)
        if (
            part.kind == "other"
            and (part.start == piece.start or b"=" in data[part.start : part.end] or b":" in data[part.start : part.end])
        )
        or part.name == "__init__"
    ]
    text = b"".join(parts)
    if len(parts) == 1 and parts[0].rstrip().endswith(b":"):
        text = parts[0].rstrip() + b" pass\n"
    statement = _class_statement(text)
    if statement is None:
        statement = _class_statement(data[piece.start : piece.end])
    return ClassNames() if statement is None else class_names(statement)


class _Told(Statements):
    """Lowers of a class only the statements that may tell what it holds: see `_attribute` and `_init`."""

    __slots__ = ()

    def statement(self, node: Node) -> code.Statement | None:
        if node.kind_id == _EXPRESSION and not self._may_tell(node):
            return self._inert(node)
        return super().statement(node) if node.kind_id in _TELLING else self._inert(node)

    def _may_tell(self, node: Node) -> bool:
        """Whether a statement is no plain call: `id = Column(Integer)`, but `self.model = aliased(User)`."""
        only = node.children[0]
        if only.kind_id != _ASSIGNMENT:
            return self.data.find(b"__init__", node.start_byte, node.end_byte) >= 0
        value = only.child_by_field_name("right")
        return (
            value is None
            or value.kind_id in _PATHS
            or only.child_by_field_name("type") is not None
            or self.data.find(b"alias", value.start_byte, value.end_byte) >= 0
        )


def _class_statement(text: bytes) -> code.Class | None:
    root = parse(text).root_node
    lowering = _Told(text, 0)
    for node in root.named_children:
        statement = lowering.statement(node)
        if isinstance(statement, code.Class):
            return statement
    return None


def class_names(node: code.Class) -> ClassNames:
    """What a class holds."""
    bases: list[Path] = []
    arguments: list[Path] = []
    for argument in node.arguments:
        if argument.keyword is not None or argument.stars:
            continue
        value = argument.value
        if isinstance(value, code.Subscript):
            index = value.index.items if isinstance(value.index, code.Sequence) else (value.index,)
            arguments += [path for item in index if (path := class_path(item)) is not None]
            value = value.value
        path = class_path(value)
        if path is not None:
            bases.append(path)
    attributes: dict[str, Path] = {}
    parameters: dict[str, int] = {}
    given: list[Path] = []
    for statement in node.body:
        if isinstance(statement, code.Assign):
            _attribute(statement, attributes)
        elif isinstance(statement, code.Function) and statement.name == "__init__":
            _init(statement, attributes, parameters, given)
    placeless = {name: _placeless(path) for name, path in attributes.items()}
    return ClassNames(
        tuple(map(_placeless, bases)), tuple(map(_placeless, arguments)), placeless, parameters, tuple(map(_placeless, given))
    )


def _placeless(path: Path) -> Path:
    """A path whose place matters to nobody: names are equal wherever they stand."""
    return replace(path, start=0, end=0)


def _attribute(node: code.Assign, attributes: dict[str, Path]) -> None:
    """`model = User`, `model: type[User]` of a class's body."""
    path = _aliased(node.value)
    if path is None and node.annotation is not None:
        path = _of_annotation(node.annotation)
    if path is not None:
        for target in node.targets:
            if isinstance(target, code.Name):
                attributes[target.id] = path


def _init(node: code.Function, attributes: dict[str, Path], parameters: dict[str, int], given: list[Path]) -> None:
    """`self.model = User`, `self.model = model` and `super().__init__(User)`."""
    names = [parameter.name for parameter in node.parameters[1:]]
    told = {
        p.name: path for p in node.parameters if p.annotation is not None and (path := _of_annotation(p.annotation)) is not None
    }
    rows = {p.name for p in node.parameters} - told.keys()
    for statement in node.body:
        if isinstance(statement, code.Assign):
            target = statement.targets[0]
            if not isinstance(target, code.Attribute) or not isinstance(target.value, code.Name) or target.value.id != "self":
                continue
            value = statement.value
            if isinstance(value, code.Name) and value.id in names:
                parameters[target.name] = names.index(value.id)
            path = _aliased(value)
            if path is not None and isinstance(path.root, GlobalName) and path.root.name in told and not path.names:
                attributes[target.name] = told[path.root.name]
            elif path is not None and not (isinstance(path.root, GlobalName) and path.root.name in rows):
                attributes[target.name] = path
            elif statement.annotation is not None and (declared := _of_annotation(statement.annotation)) is not None:
                attributes[target.name] = declared
        elif isinstance(statement, code.Evaluate) and isinstance(statement.value, code.Call):
            call = statement.value
            if isinstance(call.function, code.Attribute) and call.function.name == "__init__":
                paths = [class_path(argument.value) for argument in call.arguments]
                given += [path if path is not None else Path(NotTold("a value"), (), 0, 0) for path in paths]


def _of_annotation(node: code.Expression) -> Path | None:
    """X of `type[X]`, `ClassVar[type[X]]`."""
    told = annotated(node, "")
    return told if isinstance(told, Path) and not isinstance(told.root, NotTold) else None
