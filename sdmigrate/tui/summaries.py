"""Each step's result in one sentence.

Invariant: pure; numbers are the record's own.
"""

from sdmigrate.model.events import StageName
from sdmigrate.model.plan import Plan
from sdmigrate.model.profile import Profile
from sdmigrate.model.record import Record
from sdmigrate.model.result import CanaryResult, Cleaned, Release, Switch, Verification
from sdmigrate.model.source import Snapshot, Source
from sdmigrate.rules.wording import plural
from sdmigrate.tui.format import count, duration, rate, size
from sdmigrate.tui.steps import Step


def summary(results: dict[StageName, Record], step: Step) -> str:
    """What the step found or did; empty before it has a result."""
    said = [_sentence(results[stage]) for stage in step.stages if stage in results]
    return " ".join(sentence for sentence in said if sentence)


def _sentence(record: Record) -> str:
    match record:
        case Source():
            checks = plural(len(record.checks), "check")
            return (
                f"{checks}; {plural(len(record.catalog.tables), 'table')}, {size(record.fingerprint.size)}."
            )
        case Snapshot():
            integrity = "integrity ok" if not record.integrity else "integrity damaged"
            dump = ", the live schema dumped" if record.dump_path else ""
            return f"Snapshot of {size(record.source_fingerprint.size)}, {integrity}{dump}."
        case Profile():
            columns = sum(len(table.columns) for table in record.tables)
            rows = sum(table.rows for table in record.tables)
            where = f"{plural(columns, 'column')} of {plural(len(record.tables), 'table')}"
            return f"{plural(rows, 'row')} in {where}; quality {record.quality.score:.1f} of 100."
        case Plan():
            excluded = sum(1 for table in record.tables if not table.include)
            return f"{plural(excluded, 'table')} excluded by the plan." if excluded else ""
        case Cleaned():
            return _cleaned(record)
        case CanaryResult():
            speed = rate(record.rows_per_second, "rows")
            return f"{plural(record.rows, 'row')} loaded at {speed}, verified, dropped."
        case Release():
            return f"{plural(sum(record.rows.values()), 'row')} in {record.name}."
        case Verification():
            proven = sum(1 for table in record.tables if table.verdict in ("identical", "changed"))
            return f"{count(proven)} of {plural(len(record.tables), 'table')} proven equal."
        case Switch():
            taken = duration(record.milliseconds / 1000)
            return f"{record.release} went live in {taken}."
        case _:
            return ""


def _cleaned(cleaned: Cleaned) -> str:
    ledgers = cleaned.ledgers
    parts = [f"{plural(sum(ledger.loaded for ledger in ledgers), 'row')} to load"]
    for amount, one, many in (
        (sum(ledger.quarantined for ledger in ledgers), "quarantined", "quarantined"),
        (sum(ledger.deduplicated for ledger in ledgers), "duplicate", "duplicates"),
        (sum(ledger.excluded for ledger in ledgers), "excluded", "excluded"),
        (sum(ledger.changed for ledger in ledgers), "value changed", "values changed"),
    ):
        if amount:
            parts.append(plural(amount, one, many))
    return f"{', '.join(parts)}; undo proven."
