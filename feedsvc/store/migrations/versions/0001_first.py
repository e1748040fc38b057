"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    time = sa.DateTime(timezone=True)
    op.create_table(
        "sources",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("title", sa.Text),
        sa.Column("link", sa.Text),
        sa.Column("etag", sa.Text),
        sa.Column("last_modified", sa.Text),
        sa.Column("added_at", time, nullable=False),
        sa.Column("checked_at", time),
        sa.Column("succeeded_at", time),
        sa.Column("next_check_at", time),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("problems", sa.Text, nullable=False),
    )
    op.create_table(
        "entries",
        sa.Column("source_id", sa.String, primary_key=True),
        sa.Column("guid", sa.Text, primary_key=True),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("dated_at", time, nullable=False),
        sa.Column("first_seen_at", time, nullable=False),
        sa.Column("changed_at", time),
        sa.Column("edits", sa.Integer, nullable=False),
        sa.Column("released_at", time),
        sa.Column("data", sa.Text, nullable=False),
    )
    op.create_index("entries_by_date", "entries", ["source_id", "dated_at"])
    op.create_table(
        "translations",
        sa.Column("source_id", sa.String, primary_key=True),
        sa.Column("guid", sa.Text, primary_key=True),
        sa.Column("target_language", sa.String, primary_key=True),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("changed_at", time),
        sa.Column("data", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id", "guid"], ["entries.source_id", "entries.guid"], ondelete="CASCADE"
        ),
    )
    op.create_table(
        "memory",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("used_at", time, nullable=False),
    )
    op.create_table(
        "tombstones",
        sa.Column("source_id", sa.String, primary_key=True),
        sa.Column("guid", sa.Text, primary_key=True),
        sa.Column("removed_at", time, nullable=False),
    )
