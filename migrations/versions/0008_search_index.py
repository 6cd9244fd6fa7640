"""An index of what was said: SQLite's FTS5 by three letters, or PostgreSQL's pg_trgm. Who
signed the check of a sender.

Revision 0008, after 0007.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# Which texts hold three letters, without where: a tenth of what a whole index takes, and whatever
# it finds is looked at anyway (https://www.sqlite.org/fts5.html#the_trigram_tokenizer). It keeps no
# text of its own, so it has to be told the old one (section 4.4.3, external content tables).
_SQLITE = (
    "CREATE VIRTUAL TABLE search_index USING fts5("
    "words, content='search_text', content_rowid='id', detail='none',"
    " tokenize='trigram')",
    "CREATE TRIGGER search_text_in AFTER INSERT ON search_text BEGIN"
    " INSERT INTO search_index(rowid, words) VALUES (new.id, new.words); END",
    "CREATE TRIGGER search_text_out AFTER DELETE ON search_text BEGIN"
    " INSERT INTO search_index(search_index, rowid, words)"
    " VALUES ('delete', old.id, old.words); END",
    "CREATE TRIGGER search_text_anew AFTER UPDATE OF id, words ON search_text BEGIN"
    " INSERT INTO search_index(search_index, rowid, words)"
    " VALUES ('delete', old.id, old.words);"
    " INSERT INTO search_index(rowid, words) VALUES (new.id, new.words); END",
    # Reads row by row and writes a megabyte at a time.
    "INSERT INTO search_index(search_index) VALUES ('rebuild')",
)
_POSTGRESQL = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX ix_search_text_words ON search_text USING gin (words gin_trgm_ops)",
)


def upgrade() -> None:
    op.add_column("incoming", sa.Column("signed_by", sa.String(253)))
    connection = op.get_bind()
    wanted = _POSTGRESQL if connection.dialect.name == "postgresql" else _SQLITE
    # An SQLite without FTS5 or older than 3.34, a PostgreSQL without the extension: every text is
    # read then, as before.
    try:
        with connection.begin_nested():
            for statement in wanted:
                connection.exec_driver_sql(statement)
    except sa.exc.DBAPIError:
        pass


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead.")
