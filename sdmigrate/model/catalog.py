"""What the source declares: tables with their columns, keys and indexes, and everything that is no table.

Invariant: names are as stored; nothing is inferred from values here.
"""

from typing import Literal, TypeAlias

from sdmigrate.model.record import Record

Affinity: TypeAlias = Literal["INTEGER", "REAL", "NUMERIC", "TEXT", "BLOB"]
"""https://www.sqlite.org/datatype3.html section 3.1; BLOB is what older texts call NONE."""

OWN_COLLATIONS = frozenset(("BINARY", "NOCASE", "RTRIM"))
"""SQLite's own: https://www.sqlite.org/datatype3.html section 7; any other is the application's."""


class Column(Record):
    """One column as declared."""

    name: str
    declared_type: str
    """As written; empty where none is declared."""
    affinity: Affinity
    not_null: bool
    default: str | None = None
    """SQL text of the default; None where none is declared."""
    generated: Literal["virtual", "stored"] | None = None
    generated_expression: str | None = None
    """SQL text; None for a plain column or where the text could not be found in the table's SQL."""
    collation: str = "BINARY"
    problem: str | None = None
    """Why its values cannot be read here (a generated column by a function that this SQLite lacks); None
    where they can."""


class ForeignKey(Record):
    """One declared foreign key; composite keys are one record."""

    columns: tuple[str, ...]
    parent_table: str
    """As written in the child; the parent's own spelling is found case-insensitively."""
    parent_columns: tuple[str, ...]
    """Resolved: where the child names none, the parent's primary key. Empty where the parent or a column
    of it is missing, or it has no key of that width."""
    on_update: str = "NO ACTION"
    on_delete: str = "NO ACTION"
    deferrable: bool = False
    initially_deferred: bool = False


class IndexTerm(Record):
    """One term of an index; ``column`` is None for an expression."""

    column: str | None
    expression: str | None = None
    descending: bool = False
    collation: str = "BINARY"


class Index(Record):
    """One index, those behind UNIQUE and PRIMARY KEY included."""

    name: str
    unique: bool
    origin: Literal["create", "unique", "primary_key"]
    terms: tuple[IndexTerm, ...]
    where: str | None = None
    """SQL text of a partial index's condition."""
    sql: str | None = None
    """CREATE INDEX text; None for the automatic ones."""


class Check(Record):
    """One CHECK constraint, of a column or of the table."""

    name: str | None
    expression: str


class Table(Record):
    """One ordinary table."""

    name: str
    columns: tuple[Column, ...]
    """In order of declaration, generated ones included, hidden ones of virtual tables never."""
    unreadable: tuple[Column, ...] = ()
    """Virtual generated columns that cannot be computed here, each with its ``problem``; nothing of them is
    stored, and they are in ``columns``, keys and indexes nowhere."""
    primary_key: tuple[str, ...] = ()
    """In the key's order, which need not be the columns' order; empty without a declared key."""
    foreign_keys: tuple[ForeignKey, ...] = ()
    indexes: tuple[Index, ...] = ()
    checks: tuple[Check, ...] = ()
    without_rowid: bool = False
    strict: bool = False
    autoincrement: bool = False
    rowid_alias: str | None = None
    """The INTEGER PRIMARY KEY column, whose value is the rowid."""
    rowid_name: str | None = "rowid"
    """The name by which SQL reaches the rowid (rowid, _rowid_ or oid, whichever no column shadows);
    None for WITHOUT ROWID tables and where all three are shadowed. There rows are located by their
    ordinal, from 1, in the order of a plain SELECT."""
    sequence: int | None = None
    """sqlite_sequence.seq; None where AUTOINCREMENT never gave an id."""
    sql: str = ""
    problem: str | None = None
    """What of its SQL text could not be understood, so that checks, collations, generated expressions or
    deferrability may be missing here; None where all was."""

    def column(self, name: str) -> Column:
        """The column of that exact name.

        Raises:
            KeyError: there is none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


OtherKind: TypeAlias = Literal[
    "view", "trigger", "virtual", "shadow", "internal", "table", "index", "entry", "repeated", "renamed"
]
"""table: one that cannot be read. index: one that cannot be parsed. entry: of no kind that SQLite knows.
repeated: a further entry of the same name for the same rows. renamed: the entry of a table that is read under
another name, since an earlier one has its own."""


class OtherObject(Record):
    """Anything in the schema but a table that can be read: told, never run."""

    name: str
    kind: OtherKind
    table: str | None
    """Of a trigger or index its table, of a shadow table its virtual table, of a renamed one the new name."""
    sql: str
    problem: str | None = None
    """Why it cannot be used here ("no such module: x", a view that does not parse); None where fine."""


class Catalog(Record):
    """Everything declared in one SQLite file."""

    tables: tuple[Table, ...]
    """Ordinary tables in the order of creation."""
    others: tuple[OtherObject, ...] = ()
    encoding: Literal["UTF-8", "UTF-16le", "UTF-16be"] = "UTF-8"
    page_size: int = 4096
    """Bytes."""
    trusted_schema: bool = False
    """False: read with PRAGMA trusted_schema=OFF. True: the file's schema cannot be read without it."""

    @property
    def collations_of_the_application(self) -> frozenset[str]:
        """The collations of columns and indexes that SQLite itself does not have."""
        columns = {column.collation for table in self.tables for column in table.columns}
        terms = {term.collation for table in self.tables for index in table.indexes for term in index.terms}
        return frozenset((columns | terms) - OWN_COLLATIONS)

    def table(self, name: str) -> Table:
        """The table of that exact name.

        Raises:
            KeyError: there is none.
        """
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(name)
