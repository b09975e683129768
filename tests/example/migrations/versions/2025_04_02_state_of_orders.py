"""state of orders

Revision ID: b7705e1f9a3d
Revises: 8d2e6b4410c5
"""

import sqlalchemy as sa
from alembic import op

revision = "b7705e1f9a3d"
down_revision = "8d2e6b4410c5"
branch_labels = None
depends_on = None


state = sa.Enum("new", "paid", "shipped", name="state")


def upgrade() -> None:
    state.create(op.get_bind(), checkfirst=True)
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.add_column(sa.Column("state", state, server_default="new", nullable=False))
        batch_op.create_index(batch_op.f("ix_orders_state"), ["state"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_orders_state"))
        batch_op.drop_column("state")
    state.drop(op.get_bind())
