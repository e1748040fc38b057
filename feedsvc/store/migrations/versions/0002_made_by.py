"""Which engine and glossary made each translation, so that a better one can be told to be needed."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_RENAMED = ('"verdict":"address lost"', '"verdict":"address, handle or code lost"')


def upgrade() -> None:
    """Add the columns, and fill them from what the translations say of themselves."""
    for name in ("language", "engine", "glossary"):
        op.add_column(
            "translations", sa.Column(name, sa.String, nullable=False, server_default=sa.text("''"))
        )
    connection = op.get_bind()
    rows = sa.table(
        "translations",
        *(sa.column(name) for name in ("source_id", "guid", "target_language", "data", "language", "engine")),
    )
    keys = (rows.c.source_id, rows.c.guid, rows.c.target_language)
    for row in connection.execute(sa.select(*keys)).all():
        here = [column == value for column, value in zip(keys, row, strict=True)]
        data = connection.execute(sa.select(rows.c.data).where(*here)).scalar_one().replace(*_RENAMED)
        made = json.loads(data)
        connection.execute(
            sa.update(rows)
            .where(*here)
            .values(data=data, language=made["entry"]["language"] or "", engine=made["engine"])
        )
