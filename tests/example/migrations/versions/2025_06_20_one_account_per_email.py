"""one account per email

Revision ID: 51ac93d07f68
Revises: b7705e1f9a3d
"""

import sqlalchemy as sa
from alembic import op

revision = "51ac93d07f68"
down_revision = "b7705e1f9a3d"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_unique_constraint(op.f("uq_customers_email"), "customers", ["email"])
    # Longer than before: Postgres only changes the catalog.
    op.alter_column("customers", "email", existing_type=sa.String(length=255), type_=sa.String(length=320))


def downgrade() -> None:
    op.alter_column("customers", "email", existing_type=sa.String(length=320), type_=sa.String(length=255))
    op.drop_constraint(op.f("uq_customers_email"), "customers", type_="unique")
