"""orders belong to customers

Revision ID: 8d2e6b4410c5
Revises: 3f1c0a7be201
"""

from alembic import op

revision = "8d2e6b4410c5"
down_revision = "3f1c0a7be201"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_foreign_key(op.f("fk_orders_customer_id"), "orders", "customers", ["customer_id"], ["id"])
    op.create_index(op.f("ix_orders_customer_id"), "orders", ["customer_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_orders_customer_id"), table_name="orders")
    op.drop_constraint(op.f("fk_orders_customer_id"), "orders", type_="foreignkey")
