"""orders of a customer, without stopping anybody

Revision ID: 7d20b9c1e4a8
Revises: c4138e6fd52b
"""

from alembic import op

revision = "7d20b9c1e4a8"
down_revision = "c4138e6fd52b"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_orders_customer_id_created_at", table_name="orders", if_exists=True, postgresql_concurrently=True)
        op.create_index("ix_orders_customer_id_created_at", "orders", ["customer_id", "created_at"], postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_orders_customer_id_created_at", table_name="orders", if_exists=True, postgresql_concurrently=True)
