"""What has changed since it was published, and what the output folder was made of. At first: nothing is published."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; the first publishing afterwards writes everything anew."""
    op.create_table(
        "changes",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("source_id", sa.String, nullable=False),
        sa.Column("guid", sa.Text, nullable=False),
        sa.Column("dated_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "published",
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("data", sa.Text, nullable=False),
    )
    op.create_table(
        "shown_media",
        sa.Column("source_id", sa.String, primary_key=True),
        sa.Column("guid", sa.Text, primary_key=True),
        sa.Column("name", sa.String, primary_key=True),
    )
    op.create_index("shown_media_by_name", "shown_media", ["name"])
