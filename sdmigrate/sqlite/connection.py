"""Connections to our own SQLite files (snapshot, cleaned, audit, quarantine) and the quoting of names.

Invariant: a file that came from the source is opened read-only, its schema untrusted, its text as bytes
decoded with surrogate escapes, so that no byte is lost and no code of the file runs. The source itself is
opened in ``opening.py`` alone.
"""

import sqlite3
from pathlib import Path

from sdmigrate.model.catalog import Catalog


def quote_identifier(name: str) -> str:
    """The name as a quoted SQL identifier (https://www.sqlite.org/lang_keywords.html).

    Raises:
        ValueError: the name holds a NUL character, which no SQLite name can.
    """
    if "\0" in name:
        raise ValueError("an SQLite name cannot hold a NUL character")
    return '"' + name.replace('"', '""') + '"'


def decode_text(data: bytes) -> str:
    """Stored text as ``str``; bytes that are not UTF-8 become surrogate escapes (PEP 383)."""
    return data.decode("utf-8", "surrogateescape")


def readable(text: str) -> str:
    """Text of a file as valid Unicode: bytes that are not UTF-8 as a backslash, x and two digits."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def refusal(error: sqlite3.DatabaseError | UnicodeDecodeError) -> str:
    """SQLite's message, which Python cannot decode where a name in it is not UTF-8."""
    return decode_text(bytes(error.object)) if isinstance(error, UnicodeDecodeError) else str(error)


def harden(connection: sqlite3.Connection, *, trusted_schema: bool = False) -> None:
    """Let nothing in the file act: https://www.sqlite.org/security.html section 1.2."""
    connection.execute(f"PRAGMA trusted_schema={'ON' if trusted_schema else 'OFF'}")
    connection.execute("PRAGMA cell_size_check=ON")
    connection.execute("PRAGMA mmap_size=0")
    connection.text_factory = decode_text


def stand_in_for_collations(connection: sqlite3.Connection, catalog: Catalog) -> None:
    """Compare by code point where the catalog names a collation that only the application has.

    Without one SQLite reads no row of a WITHOUT ROWID table keyed by it. The order in the file is the
    application's, so a scan is exact and a search in such an index is not.
    """
    for name in catalog.collations_of_the_application:
        connection.create_collation(name, _by_code_point)


def _by_code_point(left: str, right: str) -> int:
    return (left > right) - (left < right)


def is_distrust(error: sqlite3.DatabaseError) -> bool:
    """Whether SQLite refused because trusted_schema is off and the schema uses, say, json_extract()."""
    return "unsafe use of " in str(error)


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether SQLite says by this that a page is not what it should be."""
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def open_read_only(
    path: Path | str, *, trusted_schema: bool = False, catalog: Catalog | None = None
) -> sqlite3.Connection:
    """A read-only connection to a file of the run directory; usable from any one thread at a time.

    Args:
        path: the file.
        trusted_schema: whether its schema may call functions.
        catalog: what the file declares, where all of its rows are to be read; it decides the trust.

    Raises:
        sqlite3.OperationalError: there is no such file, or it cannot be read.
    """
    connection = sqlite3.connect(
        f"{Path(path).absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
    )
    harden(connection, trusted_schema=trusted_schema if catalog is None else catalog.trusted_schema)
    if catalog is not None:
        stand_in_for_collations(connection, catalog)
    return connection
