"""What the values really are: counts over all rows, evidence for a type, findings, quality.

Invariant: every number counts all rows; where one is approximate its field says so.
"""

from sdmigrate.model.finding import Finding, Sample
from sdmigrate.model.record import Record
from sdmigrate.model.rule import RuleResult
from sdmigrate.model.source import Fingerprint
from sdmigrate.model.values import StoredValue


class ClassCounts(Record):
    """How many values of each storage class; nulls are counted beside."""

    integer: int = 0
    real: int = 0
    text: int = 0
    blob: int = 0

    @property
    def values(self) -> int:
        """All values that are not NULL."""
        return self.integer + self.real + self.text + self.blob


class Candidate(Record):
    """One type that was considered, and how many values fit it."""

    type: str
    fits: int
    """Values (not NULL, not empty text unless the type is text) that convert to it without loss."""
    misfits: int
    examples: tuple[Sample, ...] = ()
    """At most five that do not fit."""
    form: str = "auto"
    """How the values are read to fit; "auto" where each value's own form decides."""
    first: StoredValue | None = None
    """The earliest that the column's numbers mean in that form, None where they are read in no form."""
    last: StoredValue | None = None


class TopValue(Record):
    """One of the most frequent values."""

    value: StoredValue
    count: int


class EncodingReading(Record):
    """How many of a column's texts that are not UTF-8 an encoding reads."""

    encoding: str
    """cp1252 or latin1, as the plan names them."""
    reads: int
    """Those all of whose bytes it has."""
    doubtful: int
    """Of these, the ones that would hold control characters or that look like another encoding."""


class ColumnProfile(Record):
    """What one column's values are."""

    name: str
    declared_type: str
    rows: int
    nulls: int
    empties: int
    """Text of length zero."""
    blanks: int
    """Text of white space only, empty text not counted."""
    classes: ClassCounts
    distinct: int
    distinct_exact: bool
    proposed: str
    """PostgreSQL type."""
    confidence: float
    """0 to 1: the share of values that fit the proposal."""
    reason: str
    """One sentence."""
    forms: dict[str, int] = {}
    """Form name (docs/forms.md) -> values of that form; values without a form under "other". Where a value
    may be read by two forms (03/04/2025) it is counted once, under "ambiguous_day_month"."""
    ambiguous_midnights: int = 0
    """Of the values that are counted so, those without a time of day."""
    minimum: StoredValue | None = None
    """Of numbers where there are any, else of text."""
    maximum: StoredValue | None = None
    longest_characters: int = 0
    longest_bytes: int = 0
    nul_texts: int = 0
    """Text values with a NUL byte inside."""
    invalid_utf8: int = 0
    """Text values whose bytes are not UTF-8."""
    encodings: tuple[EncodingReading, ...] = ()
    """What can read these, the likeliest first; empty where there are none."""
    text_blobs: int = 0
    """BLOB values whose bytes are UTF-8 without a NUL: text, where the plan says so."""
    long_text_blobs: int = 0
    """Those of them with more characters than the declaration names."""
    infinite: int = 0
    non_integral: int = 0
    """REAL values with a fraction."""
    fraction_digits: int = 0
    """Most digits after the decimal point among numbers, by shortest round-trip text."""
    top: tuple[TopValue, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    form: str = "auto"
    """How values become that type; "auto" where each value's own form decides."""
    day_first: bool | None = None
    """How D/M ambiguity is settled here; None where nothing is ambiguous or nothing settles it."""
    once_settled: str | None = None
    """The date or timestamp type that would be proposed if that ambiguity were settled; None where it is, or
    where the values are no dates in either order."""
    separators: str = "auto"
    """The form by which numbers with separators are read here, whatever type of number they become; "auto"
    where there are none or nothing settles it."""


class KeyProfile(Record):
    """A declared or likely key of one table."""

    columns: tuple[str, ...]
    declared: bool
    unique: bool
    duplicate_rows: int
    """Rows beyond the first of each value; rows with a NULL in the key do not count."""
    null_rows: int
    samples: tuple[Sample, ...] = ()


class ReferenceProfile(Record):
    """A declared foreign key, or one that the values suggest."""

    columns: tuple[str, ...]
    parent_table: str
    parent_columns: tuple[str, ...]
    declared: bool
    orphans: int
    """Rows whose value is not NULL and has no parent."""
    problem: str | None = None
    """"parent missing", "parent not unique", "types differ"; None where it can be built."""
    samples: tuple[Sample, ...] = ()


class TableProfile(Record):
    """What one table's rows are."""

    name: str
    rows: int
    columns: tuple[ColumnProfile, ...]
    keys: tuple[KeyProfile, ...] = ()
    references: tuple[ReferenceProfile, ...] = ()

    def column(self, name: str) -> ColumnProfile:
        """The column of that exact name.

        Raises:
            KeyError: there is none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


class QualityPart(Record):
    """One dimension of the quality score."""

    name: str
    """completeness, validity, consistency, uniqueness or integrity."""
    score: float
    """Points reached."""
    weight: float
    """Points possible; 0 where no rule applies, its points given to the others."""
    costs: tuple[str, ...] = ()
    """What cost points, one sentence each, the dearest first."""


class Quality(Record):
    """0 to 100 over five dimensions."""

    score: float
    parts: tuple[QualityPart, ...]
    tables: dict[str, float] = {}


class Profile(Record):
    """The profile of one snapshot."""

    source_fingerprint: Fingerprint
    tables: tuple[TableProfile, ...]
    findings: tuple[Finding, ...]
    quality: Quality
    rules: tuple[RuleResult, ...] = ()
    """What the rule pack said, where there was one."""
    existing: dict[str, dict[str, str]] = {}
    """Types of the tables that an application made in the target: table -> column -> type, as named there."""

    def table(self, name: str) -> TableProfile:
        """The table of that exact name.

        Raises:
            KeyError: there is none.
        """
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(name)
