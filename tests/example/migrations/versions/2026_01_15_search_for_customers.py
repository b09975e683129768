"""search for customers

Revision ID: 06f4d8a2be97
Revises: e90b2c5d1174
"""

from alembic import op

revision = "06f4d8a2be97"
down_revision = "e90b2c5d1174"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX ix_customers_search ON customers (country, city, last_name, first_name)")


def downgrade() -> None:
    op.execute("DROP INDEX ix_customers_search")
