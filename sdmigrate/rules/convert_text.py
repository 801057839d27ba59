"""Text, bytes, UUIDs, JSON and addresses under a column's plan.

Invariant: text that comes out is valid UTF-8 without NUL; nothing is decoded by guess.
"""

import re
import uuid

from sdmigrate.model.plan import ColumnPlan
from sdmigrate.model.values import Value
from sdmigrate.rules.encodings import recoded
from sdmigrate.rules.form_json import json_form
from sdmigrate.rules.form_numbers import ADDRESS_FORMS, UUID_FORMS
from sdmigrate.rules.form_record import SPACES
from sdmigrate.rules.outcome import Changed, Kept, Misfit, Outcome
from sdmigrate.rules.shortest import shortest_text

UTF8_BYTES = "utf8_bytes"
"""The form by which the BLOBs of a column of text are text."""

TEXT_BYTES = "text_bytes"
"""The form by which the numbers of a column of bytes are the bytes of their text."""

_NEWLINE_RUN = re.compile(r"(?:\r\n|\r|\n){2,}")


def text_in(octets: bytes) -> str | None:
    """The text whose UTF-8 the bytes are; None where they are not, or hold a NUL."""
    try:
        return None if b"\0" in octets else octets.decode()
    except UnicodeDecodeError:
        return None


def text_of(value: Value, column: ColumnPlan) -> str | None:
    """The text that the value is, or that its bytes are where the plan reads them so; None for no text."""
    if isinstance(value, bytes) and column.form == UTF8_BYTES and column.type.startswith(("text", "varchar")):
        return text_in(value)
    return value if isinstance(value, str) else None


def to_text(value: Value, column: ColumnPlan) -> Outcome:
    """Text and varchar(n): longer than n is a misfit, never a cut."""
    text = text_of(value, column)
    if text is not None:
        outcome = _clean(text, column, "" if text is value else "bytes-to-text")
    elif isinstance(value, int | float):
        rule = "real-to-text" if isinstance(value, float) else "integer-to-text"
        outcome = Changed(shortest_text(value), rule)
    else:
        said = "a BLOB that is no UTF-8 text" if column.form == UTF8_BYTES else "a BLOB in a column of text"
        return Misfit(said, "blob-in-text")
    if column.type.startswith("varchar") and not isinstance(outcome, Misfit):
        length = len(str(outcome.after if isinstance(outcome, Changed) else value))
        limit = int(column.type[len("varchar(") : -1])
        if length > limit:
            return Misfit(f"{length} characters, more than {limit}", "varchar-too-long")
    return outcome


def _clean(text: str, column: ColumnPlan, rule: str) -> Outcome:
    """The text as PostgreSQL can hold it; changed by that rule already, where one is named."""
    after = text
    if not is_utf8(text):
        if column.invalid_utf8 == "quarantine":
            return Misfit("bytes that are not UTF-8", "invalid-utf8")
        read = recoded(text, column.invalid_utf8)
        if read is None:
            return Misfit(f"bytes that {column.invalid_utf8} has not", "invalid-utf8")
        after, rule = read, f"recoded-{column.invalid_utf8}"
    if "\0" in after:
        if column.nul_bytes == "quarantine":
            return Misfit("a NUL character in text", "nul-byte")
        after, rule = after.replace("\0", ""), rule or "nul-stripped"
    if column.newline_runs == "single" and (single := _NEWLINE_RUN.sub("\n", after)) != after:
        after, rule = single, rule or "newline-runs-to-one"
    if column.trailing_blanks == "strip" and (stripped := after.rstrip(SPACES)) != after:
        after, rule = stripped, rule or "trailing-blanks-stripped"
    return Changed(after, rule) if rule else Kept()


def is_utf8(text: str) -> bool:
    """Whether the text has no surrogate escape, and so came from bytes that are UTF-8."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def to_uuid(value: Value, column: ColumnPlan) -> Outcome:
    """Lower case with hyphens; sixteen bytes in the order that the plan's form names (big-endian)."""
    if isinstance(value, bytes):
        if len(value) != 16:
            return Misfit(f"a BLOB of {len(value)} bytes, not 16", "not-a-uuid")
        swapped = column.form == "uuid_bytes_swapped"
        found = uuid.UUID(bytes_le=value) if swapped else uuid.UUID(bytes=value)
        return Changed(str(found), "bytes-to-uuid")
    if isinstance(value, str):
        for form in UUID_FORMS:
            text = form.parse(value)
            if isinstance(text, str):
                return Kept() if text == value else Changed(text, "uuid-form")
    return Misfit("no UUID", "not-a-uuid")


def to_json(value: Value, column: ColumnPlan) -> Outcome:
    """JSON verbatim, where the type (json or jsonb) accepts it."""
    if isinstance(value, bytes):
        return Misfit("a BLOB in a column of JSON", "blob-in-text")
    if isinstance(value, int | float):
        if isinstance(value, float) and value in (float("inf"), float("-inf")):
            return Misfit("JSON has no Infinity", "not-json")
        return Changed(shortest_text(value), "number-to-json")
    form = json_form(value or "")
    if form == "json" or (form == "json_text_only" and column.type == "json"):
        return Kept()
    reason = "no JSON" if form == "other" else "JSON that jsonb cannot hold"
    return Misfit(reason, "not-json")


def to_bytea(value: Value, column: ColumnPlan) -> Outcome:
    """Blobs as they are; text as its bytes, whatever they are; a number so where the plan says it."""
    if isinstance(value, bytes):
        return Kept()
    if isinstance(value, str):
        return Changed(value.encode("utf-8", "surrogateescape"), "text-to-bytes")
    if isinstance(value, int | float) and column.form == TEXT_BYTES:
        return Changed(shortest_text(value).encode(), "number-to-bytes")
    return Misfit("a number in a column of bytes", "number-in-blob")


def to_inet(value: Value, column: ColumnPlan) -> Outcome:  # noqa: ARG001
    """An address with or without its network."""
    text = ADDRESS_FORMS[0].parse(value) if isinstance(value, str) else None
    if not isinstance(text, str):
        return Misfit("no internet address that inet prints in one way", "not-inet")
    return Kept() if text == value else Changed(text, "inet-form")
