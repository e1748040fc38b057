"""The date that a source has stated, for each entry: what the clock has dated does not tell the time."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, and fill it in where a date cannot be one of the clock."""
    op.add_column("entries", sa.Column("stated_at", sa.DateTime(timezone=True)))
    op.execute("UPDATE entries SET stated_at = dated_at WHERE dated_at < first_seen_at")
    op.create_index("entries_by_stated_date", "entries", ["stated_at"])
