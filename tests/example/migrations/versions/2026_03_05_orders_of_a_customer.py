"""orders of a customer

Revision ID: 7d20b9c1e4a8
Revises: c4138e6fd52b
Create Date: 2026-03-05 10:12:44.118203

"""
from typing import Sequence, Union

from alembic import op

revision: str = "7d20b9c1e4a8"
down_revision: Union[str, None] = "c4138e6fd52b"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_orders_customer_id_created_at", table_name="orders", if_exists=True, postgresql_concurrently=True)
        op.create_index(
            "ix_orders_customer_id_created_at", "orders", ["customer_id", "created_at"], postgresql_concurrently=True
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_orders_customer_id_created_at", table_name="orders", if_exists=True, postgresql_concurrently=True)
