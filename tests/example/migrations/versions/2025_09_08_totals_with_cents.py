"""totals with cents

Revision ID: e90b2c5d1174
Revises: 51ac93d07f68
"""

import sqlalchemy as sa
from alembic import op

revision = "e90b2c5d1174"
down_revision = "51ac93d07f68"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("orders", "total", existing_type=sa.Integer(), type_=sa.Numeric(12, 2), existing_nullable=False)
    op.create_check_constraint(op.f("ck_orders_total_not_negative"), "orders", "total >= 0")
    op.alter_column("orders", "reference", type_=sa.String(length=64), existing_nullable=False)


def downgrade() -> None:
    op.alter_column("orders", "reference", existing_type=sa.String(length=64), type_=sa.String(length=32))
    op.drop_constraint(op.f("ck_orders_total_not_negative"), "orders", type_="check")
    op.alter_column("orders", "total", existing_type=sa.Numeric(12, 2), type_=sa.Integer(), existing_nullable=False)
