"""What polite asking needs to remember, files and pages that need not be read again, and entries by their links."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and tables, and fill in the links of the entries that are there."""
    time = sa.DateTime(timezone=True)
    for column in (
        sa.Column("location", sa.Text),
        sa.Column("reading", sa.Text),
        sa.Column("body_hash", sa.String(64)),
        sa.Column("memo", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.Column("moved_to", sa.Text),
        sa.Column("moved_times", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("gone_at", time),
        sa.Column("http_status", sa.Integer),
        sa.Column("cadence", sa.Text, nullable=False, server_default=sa.text("'{}'")),
        sa.Column("next_check_reason", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.Column("not_before", time),
    ):
        op.add_column("sources", column)
    op.create_table(
        "files",
        sa.Column("source_id", sa.String, primary_key=True),
        sa.Column("path", sa.Text, primary_key=True),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("mtime_ns", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("guid", sa.Text),
        sa.Column("problem", sa.Text),
    )
    op.create_table(
        "pages",
        sa.Column("source_id", sa.String, primary_key=True),
        sa.Column("guid", sa.Text, primary_key=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("feed_hash", sa.String(64), nullable=False),
        sa.Column("fetched_at", time, nullable=False),
        sa.Column("etag", sa.Text),
        sa.Column("last_modified", sa.Text),
        sa.Column("canonical_url", sa.Text),
        sa.Column("body_html", sa.Text),
        sa.Column("problem", sa.Text),
        sa.Column("failures", sa.Integer, nullable=False),
    )
    for name in ("link", "title"):
        op.add_column("tombstones", sa.Column(name, sa.Text))
    op.add_column("entries", sa.Column("link", sa.Text))
    _fill_links()
    op.create_index("entries_by_link", "entries", ["source_id", "link"])


def _fill_links() -> None:
    connection = op.get_bind()
    rows = sa.table("entries", *(sa.column(name) for name in ("source_id", "guid", "data", "link")))
    for source_id, guid in connection.execute(sa.select(rows.c.source_id, rows.c.guid)).all():
        here = (rows.c.source_id == source_id, rows.c.guid == guid)
        data = connection.execute(sa.select(rows.c.data).where(*here)).scalar_one()
        connection.execute(sa.update(rows).where(*here).values(link=json.loads(data)["link"]))
