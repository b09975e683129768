"""orders by reference, without stopping anybody

Revision ID: c4138e6fd52b
Revises: 06f4d8a2be97
"""

from alembic import op

revision = "c4138e6fd52b"
down_revision = "06f4d8a2be97"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_orders_reference", table_name="orders", if_exists=True, postgresql_concurrently=True)
        op.create_index("ix_orders_reference", "orders", ["reference"], postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_orders_reference", table_name="orders", if_exists=True, postgresql_concurrently=True)
