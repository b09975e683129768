"""The join: for every table its models, the revisions that made and changed it, and the queries that use it."""

from __future__ import annotations

from pathlib import Path

from sqla_lsp.project.catalog import TableEntry
from sqla_lsp.project.names import Target
from sqla_lsp.project.project import Project
from sqla_lsp.project.use import uses_of_column, uses_of_index
from tests.project.state import loaded, migration, write

BASE = "from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n"
ORDERS = """from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship
from app.base import Base


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    mail: Mapped[str] = mapped_column("email", unique=True)


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    state: Mapped[str]
    customer: Mapped[Customer] = relationship()
    __table_args__ = (Index("ix_state", "state", "customer_id"),)
"""
QUERIES = """from sqlalchemy import select
from app.orders import Customer, Order


def of(session, customer):
    return session.scalars(select(Order).where(Order.customer_id == customer)).all()


def in_state(session, state, mail):
    return session.scalars(select(Order).join(Order.customer).where(Order.state == state, Customer.mail == mail)).all()
"""
FILES: dict[str, str | bytes] = {
    "app/__init__.py": "",
    "app/base.py": BASE,
    "app/orders.py": ORDERS,
    "app/queries.py": QUERIES,
    "m/env.py": "from alembic import context\n",
    "m/versions/a.py": migration("a", None, "op.create_table('orders', sa.Column('id', sa.Integer(), primary_key=True))"),
    "m/versions/b.py": migration("b", "a", "op.add_column('orders', sa.Column('state', sa.Text()))"),
    "m/versions/c.py": migration(
        "c", "b", "op.create_index('ix_old', 'orders', ['state'])\nop.create_index('ix_gone', 'gone', ['a'])"
    ),
}


def entry(project: Project, root: Path, name: str) -> TableEntry:
    mapped = project.catalog.model(Target("model", str(root / "app/orders.py"), name))
    assert mapped is not None
    return project.catalog.entry(mapped)


def test_a_table_has_its_models_its_ways_in_and_its_history(tmp_path: Path) -> None:
    project = loaded(write(tmp_path, FILES))
    orders = entry(project, tmp_path, "Order")
    assert [mapped.model.name for mapped in orders.models] == ["Order"]
    assert [(path.index.name, path.origin, path.written) for path in orders.access] == [
        ("orders_pkey", "primary key", "primary_key=True"),
        ("ix_orders_customer_id", "index", "index=True"),
        ("ix_state", "index", "Index"),
    ]
    assert orders.history is not None
    assert [path.index.name for path in orders.history_access] == ["orders_pkey", "ix_old"]


def test_a_table_knows_the_revisions_that_made_and_changed_it(tmp_path: Path) -> None:
    project = loaded(write(tmp_path, FILES))
    changes = project.catalog.changes(entry(project, tmp_path, "Order"))
    assert [(Path(change.path).name, type(change.operation).__name__) for change in changes] == [
        ("a.py", "CreateTable"),
        ("b.py", "AddColumn"),
        ("c.py", "CreateIndex"),
    ]


def test_a_table_without_history_and_a_history_without_model_break_nothing(tmp_path: Path) -> None:
    project = loaded(write(tmp_path, FILES))
    customers = entry(project, tmp_path, "Customer")
    assert customers.history is None
    assert project.catalog.changes(customers) == []
    assert [foreign.columns for foreign in customers.targets] == [("customer_id",)]


def test_columns_and_indexes_know_their_queries(tmp_path: Path) -> None:
    project = loaded(write(tmp_path, FILES))
    orders, customers = entry(project, tmp_path, "Order"), entry(project, tmp_path, "Customer")
    line = {use.column: QUERIES.count("\n", 0, use.place.start) + 1 for use in uses_of_column(orders, "state")}
    assert line == {"state": 10}
    assert [use.column for use in uses_of_column(customers, "email")] == ["email"]
    served = {path.index.name: len(uses_of_index(orders, path)) for path in orders.access}
    assert served == {"orders_pkey": 0, "ix_orders_customer_id": 2, "ix_state": 1}


def test_a_use_is_known_anew_after_the_model_changed(tmp_path: Path) -> None:
    project = loaded(write(tmp_path, FILES))
    assert uses_of_column(entry(project, tmp_path, "Order"), "state")
    path = str(tmp_path / "app/orders.py")
    project.set_document(path, ORDERS.replace("state: Mapped[str]", 'state: Mapped[str] = mapped_column("status")').encode())
    orders = entry(project, tmp_path, "Order")
    assert uses_of_column(orders, "state") == []
    assert len(uses_of_column(orders, "status")) == 1
