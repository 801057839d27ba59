"""The source as preflight found it, and the snapshot that backup took of it."""

from typing import Literal, TypeAlias

from sdmigrate.model.catalog import Catalog
from sdmigrate.model.finding import Finding
from sdmigrate.model.record import Record


class Fingerprint(Record):
    """What tells whether the source is still the same file, without reading all of it."""

    size: int
    """Bytes of the main file."""
    modified_ns: int
    change_counter: int
    """Bytes 24-27 of the header (https://www.sqlite.org/fileformat2.html section 1.3)."""
    wal_size: int = 0
    """Bytes of the -wal file; 0 without one."""
    wal_modified_ns: int = 0


class PreflightCheck(Record):
    """One named check, as the wizard lists it."""

    name: str
    verdict: Literal["pass", "warn", "fail"]
    message: str
    """One sentence with the numbers."""
    hint: str = ""
    """The next thing to do; empty where it passes."""


Reading: TypeAlias = Literal["rollback_journal", "immutable_wal", "live_wal", "copied", "without_unparsed"]
"""How the source can be read without a trace: DESIGN.md, "Reading the source without touching it"."""


class Source(Record):
    """The file the operator named, as preflight found it."""

    path: str
    """Absolute."""
    fingerprint: Fingerprint
    reading: Reading
    catalog: Catalog
    target: "TargetFacts | None"
    """None before it was met, and in inspect without one."""
    findings: tuple[Finding, ...] = ()
    checks: tuple[PreflightCheck, ...] = ()
    """In the order in which they were made."""


class TargetFacts(Record):
    """What preflight asked of the PostgreSQL target."""

    described: str
    """libpq string without its password, or "embedded"."""
    version: int
    """server_version_num, for example 180001."""
    live_exists: bool
    """A schema of the stable name is there."""
    live_is_ours: bool
    """It was published by sdmigrate."""
    live_types: dict[str, dict[str, str]] = {}
    """Of a live schema that sdmigrate did not make: table -> column -> type, spelt as a plan has it."""
    collations: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    """What keeps a run from ending well there, a sentence each."""
    dependents: tuple[str, ...] = ()
    """Others' objects that follow the live tables by OID, or functions that name the live schema."""
    staying_behind: tuple[str, ...] = ()
    """What others made inside the live schema: it stays with the old release at cutover."""


class Digests(Record):
    """MD5 and SHA-256 of a file's bytes, lower-case hex."""

    md5: str
    sha256: str


class Damage(Record):
    """One table with damaged pages."""

    table: str
    rows: int
    """Rows that could be read; the snapshot has these."""
    whole: bool
    """True: every row was read, though the pages contradict each other."""
    ranges: tuple[tuple[int, int], ...] = ()
    """First and last rowid of each run of rows that could be read; empty without a rowid."""
    messages: tuple[str, ...] = ()
    """What SQLite says of it."""


class Snapshot(Record):
    """The consistent copy; every stage after backup reads it and not the source."""

    path: str
    source_fingerprint: Fingerprint
    source_digests: Digests
    """Of the source's main file after the copy."""
    snapshot_digests: Digests
    catalog: Catalog
    """Read again from the snapshot, which is what the other stages see."""
    integrity: tuple[str, ...] = ()
    """What PRAGMA integrity_check said, empty where it said ok."""
    may_hold_long: bool = True
    """Whether some value may be too long to be held whole, as far as the file's pages tell."""
    damages: tuple[Damage, ...] = ()
    """Tables with damaged pages; of one that was not read whole the snapshot has the rows that were."""
    dump_path: str | None = None
    """pg_dump of the existing live schema; None where there was none."""
    findings: tuple[Finding, ...] = ()
