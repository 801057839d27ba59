"""What the values of a column give an operator to know.

Invariant: each finding has its count and, where values are at fault, at most five of them with their rowids.
"""

import uuid
from collections.abc import Callable, Iterator

from msgspec.structs import replace

from sdmigrate.model.catalog import Column, Table
from sdmigrate.model.finding import Finding, Sample
from sdmigrate.model.values import LongValue, StorageClass, stored
from sdmigrate.rules.convert_numbers import EXACT_INTEGERS
from sdmigrate.rules.date_findings import date_findings
from sdmigrate.rules.declared_types import names_no_type
from sdmigrate.rules.encodings import in_words, recoded
from sdmigrate.rules.evidence import Evidence
from sdmigrate.rules.number_dates import number_date_candidates
from sdmigrate.rules.seen_column import SeenColumn, real_texts
from sdmigrate.rules.separator_findings import separator_findings
from sdmigrate.rules.separators import read_by
from sdmigrate.rules.types import Proposal, text_counts
from sdmigrate.rules.value_group import Located, located
from sdmigrate.rules.wording import plural

LONGEST_INDEXED = 2704
"""Bytes of a value in a btree of PostgreSQL: https://www.postgresql.org/docs/current/btree.html."""
_NUMBERS = ("bigint", "double precision")
_MOMENTS = ("date", "timestamp", "timestamptz")


def column_findings(
    table: Table, column: Column, evidence: Evidence, proposal: Proposal
) -> tuple[Finding, ...]:
    """Everything to know of one column, in the order of the checks."""
    seen = SeenColumn(table, column, evidence, proposal)
    return tuple(finding for check in _CHECKS for finding in check(seen))


def _classes(seen: SeenColumn) -> Iterator[Finding]:
    classes, evidence = seen.evidence.classes, seen.evidence
    read = read_by(seen.proposal.separators.form)
    text = sum(
        count for name, count in text_counts(evidence).items() if name not in ("empty", "blank", *read)
    )
    number = seen.declared in _NUMBERS or seen.declared.startswith("numeric")
    if number and text and not names_no_type(seen.column):
        yield seen.tell(
            "text-in-number",
            "warning",
            text,
            f"{plural(text, 'value')} of a column declared {seen.column.declared_type}"
            f" {'is' if text == 1 else 'are'} text that is no number.",
            "Correct them in the source, or choose type or misfit of this column in the plan.",
            real_texts(evidence, but=read),
        )
    present = [name for name in ("integer", "real", "text", "blob") if getattr(classes, name)]
    if names_no_type(seen.column) and len(present) > 1:
        listed = ", ".join(f"{getattr(classes, name)} {name}" for name in present)
        yield seen.tell(
            "mixed-storage-classes",
            "warning",
            classes.values,
            f"Nothing says what the column holds, and its values are {listed}.",
            (
                "Bytea holds them all: text as its bytes, numbers too with form = 'text_bytes'. Text holds"
                " all but the BLOBs."
                if classes.blob
                else "Text holds them all; choose another type in the plan."
            ),
            tuple(sample for name in present for sample in evidence.class_samples(_class(name))[:1]),
        )
    if seen.declared == "text" and classes.blob:
        yield seen.tell(
            "blobs-in-text",
            "warning",
            classes.blob,
            f"{plural(classes.blob, 'BLOB stands', 'BLOBs stand')} in a text column;"
            f" {evidence.text_blobs or 'none'} {'are' if evidence.text_blobs > 1 else 'is'} UTF-8 text.",
            (
                "The column becomes bytea; nothing is decoded by guess."
                if seen.proposal.type == "bytea"
                else "Their rows go to quarantine, unless the plan makes the column bytea."
            )
            + (" Set form to utf8_bytes in the plan to read text as text." if evidence.text_blobs else ""),
            evidence.class_samples("blob"),
        )
    if seen.declared == "bytea" and classes.text and not names_no_type(seen.column):
        yield seen.tell(
            "text-in-blob",
            "info",
            classes.text,
            f"{plural(classes.text, 'value of a BLOB column is text', 'values of a BLOB column are text')};"
            " stored as the bytes of that text.",
            "Nothing is decoded by guess; choose text in the plan if that is what they are.",
            evidence.class_samples("text"),
        )


def _class(name: str) -> StorageClass:
    classes: dict[str, StorageClass] = {
        "integer": "integer",
        "real": "real",
        "text": "text",
        "blob": "blob",
    }
    return classes[name]


def _numbers(seen: SeenColumn) -> Iterator[Finding]:
    evidence, affinity = seen.evidence, seen.column.affinity
    reals = evidence.classes.real
    if affinity == "INTEGER" and reals and seen.declared == "bigint":
        low, high = evidence.bounds()
        huge = any(isinstance(bound, float) and abs(bound) >= EXACT_INTEGERS for bound in (low, high))
        rounded = " Those of 2^53 and more were rounded by SQLite when they were stored." if huge else ""
        yield seen.tell(
            "real-in-integer",
            "warning",
            reals,
            f"{plural(reals, 'value')} of a column declared {seen.column.declared_type}"
            f" {'is' if reals == 1 else 'are'} REAL.{rounded}",
            "Choose numeric or double precision in the plan to keep them.",
            evidence.class_samples("real"),
        )
    unfit = sum(group.unfit for group in evidence.groups.values())
    if unfit and evidence.declared_digits:
        yield seen.tell(
            "decimal-exceeded",
            "warning",
            unfit,
            f"{plural(unfit, 'number needs', 'numbers need')} more digits than"
            f" {seen.column.declared_type} has"
            f" (as many as {evidence.fraction_digits} after the point).",
            "The column becomes numeric without limits, so that no digit is lost; round them in the source"
            " if they are noise.",
            _unfit_samples(seen, f"numeric({evidence.declared_digits[0]},{evidence.declared_digits[1]})"),
        )
    infinite = evidence.count("not_finite", "real")
    if infinite:
        yield seen.tell(
            "infinity",
            "warning" if seen.column.affinity == "REAL" else "error",
            infinite,
            f"{plural(infinite, 'value is', 'values are')} infinite.",
            "double precision keeps Infinity; other types cannot."
            if seen.column.affinity == "REAL"
            else "An identifier with an e in it may have been read as a number; look at its source.",
            evidence.samples("not_finite", "real"),
        )
    low, _ = evidence.bounds()
    if "UNSIGNED" in seen.column.declared_type.upper() and isinstance(low, int | float) and low < 0:
        yield seen.tell(
            "unsigned-negative",
            "warning",
            0,
            f"The column is declared {seen.column.declared_type} and holds negative numbers (down to {low}).",
            "They may be large unsigned numbers that wrapped around.",
        )


def _unfit_samples(seen: SeenColumn, type_: str) -> tuple[Sample, ...]:
    return next((one.examples for one in seen.proposal.candidates if one.type == type_), ())


def _declarations(seen: SeenColumn) -> Iterator[Finding]:
    evidence, column = seen.evidence, seen.column
    numbers = evidence.classes.integer + evidence.classes.real
    by_accident = column.affinity == "NUMERIC" and seen.declared in ("numeric", "uuid")
    if (
        by_accident
        and numbers
        and column.declared_type
        and column.declared_type.upper() != "YEAR"
        and (names_no_type(column) or seen.declared == "uuid")
    ):
        yield seen.tell(
            "numeric-affinity",
            "warning",
            numbers,
            f"Declared {column.declared_type}, text that looks like a number was stored as one:"
            " leading zeros and long identifiers were lost when they were stored.",
            "Compare its identifiers with where they came from.",
            (*evidence.class_samples("integer"), *evidence.class_samples("real"))[:5],
        )
    longer = sum(group.unfit for group in evidence.groups.values())
    if evidence.declared_length and longer:
        yield seen.tell(
            "text-too-long",
            "info",
            longer,
            f"{plural(longer, 'text is', 'texts are')} longer than the"
            f" {evidence.declared_length} characters of {column.declared_type};"
            f" the longest has {evidence.longest_characters}.",
            "The column becomes text, which holds them whole.",
            located([evidence.longest]) if evidence.longest else (),
        )
    if "BOOL" in column.declared_type.upper() and seen.proposal.type != "boolean" and evidence.meaningful:
        misfits = next(one for one in seen.proposal.candidates if one.type == "boolean")
        yield seen.tell(
            "boolean-other-values",
            "warning",
            misfits.misfits,
            f"{plural(misfits.misfits, 'value')} of a column declared {column.declared_type}"
            f" {'is' if misfits.misfits == 1 else 'are'} neither yes nor no.",
            f"It becomes {seen.proposal.type}; choose boolean in the plan to quarantine them.",
            misfits.examples,
        )
    if evidence.interest == "json" and seen.proposal.type != "jsonb" and evidence.meaningful:
        misfits = next(one for one in seen.proposal.candidates if one.type == "jsonb")
        yield seen.tell(
            "json-not-castable",
            "warning",
            misfits.misfits,
            f"jsonb cannot hold {misfits.misfits} values of this column.",
            f"It becomes {seen.proposal.type}; choose jsonb in the plan to quarantine them.",
            misfits.examples,
        )


def _texts_inside(seen: SeenColumn) -> Iterator[Finding]:
    evidence = seen.evidence
    if evidence.nul_count:
        yield seen.tell(
            "nul-bytes",
            "warning",
            evidence.nul_count,
            f"{plural(evidence.nul_count, 'text holds', 'texts hold')} a NUL byte, which PostgreSQL's text"
            " cannot.",
            "They are stripped and audited; set nul_bytes in the plan to quarantine the rows instead.",
            located(evidence.nul_texts),
        )
    if evidence.invalid_count:
        yield seen.tell(
            "texts-not-utf8",
            "error",
            evidence.invalid_count,
            f"{plural(evidence.invalid_count, 'text holds', 'texts hold')} bytes that are not UTF-8.",
            "Their rows go to quarantine, unless invalid_utf8 in the plan names an encoding: "
            + ", ".join(in_words(one, evidence.invalid_count) for one in evidence.encodings)
            + ".",
            tuple(_as_read(one, evidence.encodings[0].encoding) for one in evidence.invalid_texts),
        )
    empties = evidence.count("empty")
    if empties and seen.proposal.type not in ("text", "bytea"):
        yield seen.tell(
            "empty-strings-for-null",
            "warning",
            empties,
            f"{plural(empties, 'value is', 'values are')} empty text where a {seen.proposal.type} or NULL"
            " is meant.",
            "They become NULL where NULL is allowed; set empty or default in the plan to decide otherwise.",
            evidence.samples("empty"),
        )


def _as_read(located: Located, encoding: str) -> Sample:
    text, rowid = located
    if isinstance(text, LongValue):
        reading = recoded(str(text.beginning), encoding) if encoding in text.read_in else None
    else:
        reading = recoded(str(text), encoding)
    return Sample(rowid=rowid, value=stored(text), read_as=None if reading is None else stored(reading))


def _other_types(seen: SeenColumn) -> Iterator[Finding]:
    """Types that the values speak for as well, which nothing but the operator knows to be meant."""
    evidence, type_ = seen.evidence, seen.proposal.type
    uuids = evidence.count("uuid") + evidence.count("uuid_other") + evidence.count("uuid_bytes")
    if type_ in ("text", "bytea") and 2 * uuids >= max(evidence.meaningful, 1):
        yield seen.tell(
            "uuids-kept",
            "info",
            uuids,
            f"{plural(uuids, 'value is a UUID', 'values are UUIDs')}, of {evidence.meaningful:,};"
            f" the column stays {type_}.",
            "Choose uuid in the plan where all are; form uuid_bytes_swapped reads bytes in .NET's order.",
            (
                *evidence.samples("uuid"),
                *evidence.samples("uuid_other"),
                *map(_in_both_orders, evidence.samples("uuid_bytes")),
            )[:5],
        )
    readings = number_date_candidates(evidence)
    # A number among texts, say one way of writing a telephone's, tells nothing of the column.
    if readings and type_ not in _MOMENTS and readings[0].misfits < readings[0].fits:
        forms = " or ".join(f"{one.type} ({one.form})" for one in readings)
        yield seen.tell(
            "numbers-like-dates",
            "info",
            readings[0].fits,
            f"Every number of the column is plausible as {forms}; it stays {type_}.",
            "Choose that type and form in the plan if they are meant as moments.",
        )


def _in_both_orders(sample: Sample) -> Sample:
    octets = bytes.fromhex(sample.value.text)
    both = f"{uuid.UUID(bytes=octets)} or {uuid.UUID(bytes_le=octets)}"
    return replace(sample, read_as=stored(both))


def _indexed(seen: SeenColumn) -> Iterator[Finding]:
    named = {
        term.column: index for index in seen.table.indexes for term in index.terms if term.column is not None
    }
    index = named.get(seen.column.name)
    key = seen.column.name in seen.table.primary_key
    if (index or key) and seen.evidence.longest_bytes > LONGEST_INDEXED and seen.evidence.longest:
        yield seen.tell(
            "index-row-too-long",
            "warning",
            0,
            f"A value of {seen.evidence.longest_bytes} bytes stands in an index, and PostgreSQL's hold"
            f" {LONGEST_INDEXED} after compression.",
            "If the index cannot be built it is left out and told; one on md5() keeps uniqueness.",
            located([seen.evidence.longest]),
        )
    if seen.column.collation.upper() == "NOCASE":
        yield seen.tell(
            "nocase",
            "info",
            0,
            "The column compares ASCII letters without regard to case; PostgreSQL's text does not.",
            "A unique key on it becomes one on lower(); queries that relied on it need lower() or citext.",
        )


_CHECKS: tuple[Callable[[SeenColumn], Iterator[Finding]], ...] = (
    _classes,
    _numbers,
    _declarations,
    _texts_inside,
    date_findings,
    separator_findings,
    _other_types,
    _indexed,
)
