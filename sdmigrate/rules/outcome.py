"""What becomes of one value, and the names of the rules that change values.

Invariant: every rule that ``convert`` names is in RULES (tested), and a name once released keeps its meaning:
audit trails hold it.
"""

from typing import NamedTuple, TypeAlias

from sdmigrate.model.values import Value


class Kept(NamedTuple):
    """Already in its final form."""


class Changed(NamedTuple):
    """Becomes another value by a rule; audited."""

    after: Value
    rule: str


class Misfit(NamedTuple):
    """The type cannot hold it; the column's policy decides what follows."""

    reason: str
    """In words, for the quarantine; without the value itself."""
    code: str
    """Short and stable."""


Outcome: TypeAlias = Kept | Changed | Misfit

RULES: dict[str, str] = {
    "empty-to-null": "Empty text where NULL was meant",
    "blank-to-null": "Text of white space only where NULL was meant",
    "placeholder-to-null": "A text that the plan names as a placeholder for NULL",
    "misfit-to-null": "A value that the type cannot hold, where the plan says NULL",
    "default-for-missing": "The plan's default put in place of a missing value",
    "date-form": "A date or timestamp rewritten from its own form",
    "date-form-rounded": "The same, with digits finer than a microsecond rounded away",
    "number-to-date": "A count since an epoch, a Julian day or compact digits as a date or timestamp",
    "number-to-date-rounded": "The same, with digits finer than a microsecond rounded away",
    "zone-to-utc": "A naive timestamp of the column's zone in UTC",
    "zone-to-utc-first": "The same in the hour that a zone has twice: its first pass is taken",
    "offset-to-utc": "A timestamp with an offset, written without it in UTC",
    "midnight-to-date": "A timestamp at midnight as its date",
    "date-to-midnight": "A date as its midnight",
    "time-form": "A time of day or duration rewritten from its own form",
    "text-to-integer": "A whole number written as text",
    "real-to-integer": "A REAL without a fraction below 2^53 as an integer",
    "text-to-numeric": "A decimal number written as text in another way",
    "text-to-real": "A number written as text as a double",
    "text-to-boolean": "A word or digit for yes and no",
    "real-to-boolean": "0.0 and 1.0",
    "integer-to-text": "An INTEGER in a text column as its digits",
    "real-to-text": "A REAL in a text column as its shortest text",
    "nul-stripped": "NUL characters taken out of text",
    "trailing-blanks-stripped": "White space at the end of text taken away, where the plan says so",
    "newline-runs-to-one": "Line breaks in a row as one, where the plan says so",
    "orphan-to-null": "A reference to a row that is not loaded, where the plan says NULL",
    "recoded-cp1252": "Bytes that are no UTF-8 read as Windows-1252",
    "recoded-latin1": "Bytes that are no UTF-8 read as ISO 8859-1",
    "uuid-form": "A UUID in lower case with hyphens",
    "bytes-to-uuid": "Sixteen bytes as a UUID",
    "number-to-json": "A number in a JSON column as its JSON text",
    "bytes-to-text": "A BLOB read as UTF-8 text, where the plan says so",
    "text-to-bytes": "Text in a bytea column as its bytes",
    "number-to-bytes": "A number in a bytea column as the bytes of its text, where the plan says so",
    "inet-form": "An internet address as PostgreSQL prints it",
}
"""Every rule by name; docs/forms.md is made from it."""
