"""Migrations made at random of the statements that fixes rewrite, of statements that they leave alone, and of blocks around both.

Every name and every comment is there once, so that what a fix loses or doubles is seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from hypothesis import strategies as st

TABLES = "orders"
HEADER = '''"""A revision."""
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


'''
BASE = """import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade():
    op.create_table("customers", sa.Column("id", sa.Integer(), primary_key=True))
    op.create_table(
        "orders",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("a", sa.Integer()),
        sa.Column("b", sa.String(20)),
        sa.Column("c", sa.Integer()),
    )
    for number in range(100):
        op.execute("SELECT 1")
"""


@dataclass
class Migration:
    """The text of a migration, and the statements in it that no fix has a reason to touch, line by line without indentation."""

    text: str
    bystanders: list[str]


@dataclass
class _Maker:
    draw: Callable[[st.SearchStrategy[object]], object]
    numbers: count[int] = field(default_factory=count)
    bystanders: list[str] = field(default_factory=list)

    def one_of(self, *choices: object) -> object:
        return self.draw(st.sampled_from(choices))

    def yes(self) -> bool:
        return bool(self.draw(st.booleans()))

    def number(self) -> int:
        return next(self.numbers)

    # ---------------------------------------------------------------------------------------------------------- statements

    def call(self, function: str, *arguments: str) -> list[str]:
        """A call in one of the ways in which people write it."""
        given = list(arguments)
        flat = f"{function}({', '.join(given)})"
        match self.one_of("flat", "flat", "comma", "lines", "inner", "hanging", "comments", "backslash"):
            case "comma":
                return [f"{function}({', '.join(given)},)"]
            case "lines":
                return [f"{function}(", *[f"    {argument}," for argument in given], ")"]
            case "inner":
                return [f"{function}(", f"    {', '.join(given)}", ")"]
            case "hanging":
                first, *rest = given
                blank = " " * (len(function) + 1)
                lines = [f"{function}({first}", *[blank + argument for argument in rest]]
                return [*[f"{line}," for line in lines[:-1]], f"{lines[-1]})"]
            case "comments":
                lines = [f"{function}(  # {self.number()}"]
                for argument in given:
                    lines += [f"    # {self.number()}"] if self.yes() else []
                    lines.append(f"    {argument},  # {self.number()}" if self.yes() else f"    {argument},")
                return [*lines, f")  # {self.number()}"]
            case "backslash" if len(given) > 1:
                return [f"{function}({given[0]}, \\", f"        {', '.join(given[1:])})"]
            case _:
                return [f"{flat}  # {self.number()}" if self.yes() else flat]

    def table(self, batch: str) -> list[str]:
        return [] if batch else ['"orders"']

    def directive(self, batch: str) -> list[str]:
        """A statement that some rule reports, through `op` or through a batch."""
        n, op = self.number(), batch or "op"
        named = self.one_of(f'"n{n}"', f"{op}.f('n{n}')")
        table = self.table(batch)
        match self.one_of("index", "drop", "unique", "key", "check", "column"):
            case "index":
                more = self.one_of([], ["unique=True"], ["postgresql_where=sa.text('a > 0')"], ["postgresql_concurrently=False"])
                return self.call(f"{op}.create_index", str(named), *table, '["a", "b"]', *more)  # type: ignore[misc]
            case "drop":
                return self.call(f"{op}.drop_index", str(named), *([] if batch else ['table_name="orders"']))
            case "unique":
                more = self.one_of([], ["deferrable=True", "initially='DEFERRED'"])
                name = self.one_of(named, named, "None")
                return self.call(f"{op}.create_unique_constraint", str(name), *table, f'["c{n}"]', *more)  # type: ignore[misc]
            case "key":
                more = self.one_of([], ["ondelete='CASCADE'"])
                return self.call(
                    f"{op}.create_foreign_key",
                    str(named),
                    *table,
                    '"customers"',
                    '["c"]',
                    '["id"]',
                    *more,  # type: ignore[misc]
                )
            case "check":
                return self.call(f"{op}.create_check_constraint", str(named), *table, f'"a > {n}"')
            case _:
                inside = self.one_of(
                    ["index=True"],
                    ["unique=True"],
                    ["nullable=True", "index=True", "unique=True"],
                    [f'sa.ForeignKey("customers.id", name="n{n}")', "nullable=False"],
                    [f'sa.CheckConstraint("a{n} > 0", name="n{n}")'],
                )
                column = f'sa.Column("a{n}", sa.Integer(), {", ".join(inside)})'  # type: ignore[arg-type]
                return self.call(f"{op}.add_column", *table, column)

    def raw(self) -> list[str]:
        """Raw SQL that some rule reports."""
        n = self.number()
        sql = str(
            self.one_of(
                f"CREATE INDEX n{n} ON orders (a)",
                f"create unique index n{n} on orders (a, b)",
                f"DROP INDEX n{n}",
                f"ALTER TABLE orders ADD CONSTRAINT n{n} UNIQUE (a)",
                f"alter table orders add constraint n{n} check (a > 0)",
                f"ALTER TABLE orders ADD CONSTRAINT n{n} FOREIGN KEY (a) REFERENCES customers (id)",
            )
        )
        match self.one_of("plain", "text", "lines", "several", "parts", "comment", "f"):
            case "text":
                return [f"op.execute(sa.text('{sql};'))"]
            case "lines":
                return ['op.execute("""', f"  {sql}", '    """)']
            case "several":
                return ["op.execute(", '    """', f"    SELECT {n};", f"    {sql};  -- {n}", f"    SELECT {n}", '    """', ")"]
            case "parts":
                first, _, rest = sql.partition(" ON ") if " ON " in sql else sql.partition(" n")
                between = " ON " if " ON " in sql else " n"
                return [f'op.execute("{first}{between}"', f'           "{rest}")']
            case "comment":
                return ["op.get_bind().execute(sa.text(", f"    '''/* create index; */ {sql} -- the end", "    '''", "))"]
            case "f":
                return [f'op.execute(f"{sql}")']
            case _:
                return [f'op.execute("{sql}")']

    def bystander(self) -> list[str]:
        n = self.number()
        lines: list[str] = list(
            self.one_of(  # type: ignore[call-overload]
                [f'op.execute("SELECT {n}")'],
                [f"x{n} = 1  # {n}"],
                [f"x{n} = [", f"    {n},", "]"],
                ['op.execute("""', " SELECT", f"  {n}", '""")'],
                [f"op.alter_column('orders', 'c{n}', server_default='{n}')"],
                [f"if (y{n} := {n}): pass"],
                [f"def f{n}():", "    return None"],
                [f"x{n} = 'ä' \\", "    'ö'"],
            )
        )
        self.bystanders += [line.strip() for line in lines]
        return lines

    # -------------------------------------------------------------------------------------------------------------- blocks

    def body(self, depth: int, batch: str = "") -> list[str]:
        lines: list[str] = []
        for _ in range(int(str(self.draw(st.integers(1, 3))))):
            lines += [""] if self.yes() and lines else []
            lines += [f"# {self.number()}"] if self.yes() else []
            lines += self.statement(depth, batch)
        return [*lines, f"# {self.number()}"] if self.yes() else lines

    def statement(self, depth: int, batch: str) -> list[str]:
        kinds = ["directive"] * 4 + ["bystander"] * (1 if batch else 2)
        kinds += [] if batch else ["raw"] * 2
        if depth < 2:
            kinds += ["if", "semicolon", "one line"] + ([] if batch else ["batch", "batch", "block", "try", "loop"])
        match self.one_of(*kinds):
            case "raw":
                return self.raw()
            case "bystander":
                return [f'{batch}.alter_column("c{self.number()}", nullable=True)'] if batch else self.bystander()
            case "if":
                other = ["else:", *_indented(self.body(depth + 1, batch))] if self.yes() else []
                return [f"if x > {self.number()}:  # {self.number()}", *_indented(self.body(depth + 1, batch)), *other]
            case "semicolon":
                one, two, three = (self.flat(batch) for _ in range(3))
                return [f"{one}; {two};{three}"]
            case "one line":
                return [f"if x: {self.flat(batch)}; {self.flat(batch)}  # {self.number()}"]
            case "batch":
                head = f'with op.batch_alter_table("orders", schema=None) as batch_op:  # {self.number()}'
                return [head, *_indented(self.body(depth + 1, "batch_op"))]
            case "block":
                return ["with op.get_context().autocommit_block():", *_indented(self.body(depth + 2))]
            case "try":
                return ["try:", *_indented(self.body(depth + 1)), "except ValueError:", "    raise"]
            case "loop":
                n = self.number()
                inside = f'op.create_index(f"n{n}_{{name}}", "orders", [name])'
                return [f'for name in ("a", "b"):  # {self.number()}', f"    {inside}", *_indented(self.bystander())]
            case _:
                return self.directive(batch)

    def flat(self, batch: str) -> str:
        n, op = self.number(), batch or "op"
        table = "" if batch else '"orders", '
        return str(
            self.one_of(
                f'{op}.create_index("n{n}", {table}["a"])',
                f'{op}.create_check_constraint("n{n}", {table}"a > {n}")',
                f'{op}.alter_column({table}"c{n}", nullable=True)',
            )
        )


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" if line else line for line in lines]


@st.composite
def migrations(draw: Callable[[st.SearchStrategy[object]], object]) -> Migration:
    """Migrations with an upgrade and a downgrade, in several styles of indentation and line ends."""
    maker = _Maker(draw)
    functions = []
    for name in ("upgrade", "downgrade"):
        docstring = ['"""Do it."""'] if maker.yes() else []
        functions.append("\n".join([f"def {name}():", *_indented([*docstring, "x = 1", *maker.body(0)])]) + "\n")
    text = HEADER + str(maker.one_of("\n\n", "\n\n\f\n")).join(functions)
    newline = str(maker.one_of("\n", "\n", "\r\n"))
    if maker.one_of("spaces", "spaces", "tabs") == "tabs":
        text = "".join(_tabbed(line) for line in text.splitlines(keepends=True)) if "\f" not in text else text
    return Migration(text.replace("\n", newline), maker.bystanders)


def _tabbed(line: str) -> str:
    blank = len(line) - len(line.lstrip(" "))
    return "\t" * (blank // 4) + " " * (blank % 4) + line[blank:]
