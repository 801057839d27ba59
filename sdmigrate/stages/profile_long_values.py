"""Values too long to be held: found before the tables are scanned, which leave them out, and measured after.

Invariant: each is counted once, and read piece by piece; but what has to be parsed, JSON in a column of JSON
and digits without end, and UTF-16 that is unsound, is read whole, one value at a time.
"""

import codecs
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import chain

from msgspec.structs import replace

from sdmigrate.model.catalog import Table
from sdmigrate.model.source import Snapshot
from sdmigrate.model.values import LongValue
from sdmigrate.rules.evidence import Evidence
from sdmigrate.rules.form_json import json_form
from sdmigrate.rules.long_values import long_blob, long_text
from sdmigrate.sqlite.connection import quote_identifier
from sdmigrate.sqlite.copied_table import text_encoding
from sdmigrate.sqlite.long_cells import long_cells, pieces

Beat = Callable[[str, int], None]
"""Called with the table's name and what is done of it; may raise Aborted."""


def left_values(
    snapshot: Snapshot, connection: sqlite3.Connection, tables: Iterable[Table], beat: Beat
) -> dict[str, dict[str, list[int]]]:
    """By table and column the rowids of the values to leave out.

    Raises:
        sqlite3.DatabaseError: a table cannot be read.
        Aborted: the operator asked to stop.
    """
    if not snapshot.may_hold_long:
        return {}
    found = {table.name: long_cells(connection, table, partial(beat, table.name)) for table in tables}
    return {name: columns for name, columns in found.items() if columns}


def add_left_values(
    connection: sqlite3.Connection,
    table: Table,
    evidence: Mapping[str, Evidence],
    left: Mapping[str, list[int]],
    beat: Beat,
) -> None:
    """Add the values that were left out to the evidence of their columns, where they count as NULL so far.

    Raises:
        sqlite3.DatabaseError: one cannot be read.
        Aborted: the operator asked to stop.
    """
    for name in evidence.keys() & left.keys():
        counts: dict[tuple[str, bytes], tuple[LongValue, int, int]] = {}
        for number, rowid in enumerate(left[name]):
            beat(table.name, number)
            value = _measured(connection, table, name, rowid)
            key = value.storage, value.digest
            known, count, first = counts.get(key, (value, 0, rowid))
            counts[key] = known, count + 1, first
        for value, count, first in counts.values():
            whole = partial(_whole, connection, table, name, first)
            if value.storage == "text" and value.form != "blank" and evidence[name].interest == "json":
                evidence[name].add_long(replace(value, form=json_form(whole())), count, first)
            elif value.form:
                evidence[name].add_long(value, count, first)
            else:
                evidence[name].add_nulls(-count)
                evidence[name].add(whole(), count, first)


def _measured(connection: sqlite3.Connection, table: Table, name: str, rowid: int) -> LongValue:
    column, place = quote_identifier(name), quote_identifier(table.rowid_name or "")
    (kind,) = connection.execute(
        f"SELECT typeof({column}) FROM {quote_identifier(table.name)} WHERE {place} = ?", (rowid,)
    ).fetchone()
    octets = pieces(connection, table, name, rowid)
    if kind == "blob":
        return long_blob(octets)
    encoding = text_encoding(connection)
    if encoding == "UTF-8":
        return long_text(octets)
    try:
        return long_text(_in_utf8(octets, encoding))
    except UnicodeDecodeError:
        # What SQLite takes it for it says of the whole alone.
        return long_text([_whole(connection, table, name, rowid).encode("utf-8", "surrogateescape")])


def _in_utf8(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    for piece in chain(pieces, (b"",)):
        yield decoder.decode(piece, final=not piece).encode()


def _whole(connection: sqlite3.Connection, table: Table, name: str, rowid: int) -> str:
    (text,) = connection.execute(
        f"SELECT {quote_identifier(name)} FROM {quote_identifier(table.name)}"
        f" WHERE {quote_identifier(table.rowid_name or '')} = ?",
        (rowid,),
    ).fetchone()
    return str(text)
