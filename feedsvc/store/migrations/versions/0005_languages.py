"""The language of each entry beside it, so that what waits can be told apart without reading it."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, and fill it in for the entries that are there."""
    op.add_column("entries", sa.Column("language", sa.String))
    connection = op.get_bind()
    rows = sa.table("entries", *(sa.column(name) for name in ("source_id", "guid", "data", "language")))
    for source_id, guid in connection.execute(sa.select(rows.c.source_id, rows.c.guid)).all():
        here = (rows.c.source_id == source_id, rows.c.guid == guid)
        data = connection.execute(sa.select(rows.c.data).where(*here)).scalar_one()
        language = json.loads(data)["language"]
        connection.execute(sa.update(rows).where(*here).values(language=language))
