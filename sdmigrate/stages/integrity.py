"""What SQLite's integrity check says, as findings: broken promises, broken indexes, broken pages.

Invariant: pure; a damaged table is told once, with what of it could be read.
"""

import re
from collections.abc import Iterable, Iterator

from sdmigrate.model.finding import Finding, Severity
from sdmigrate.model.source import Damage
from sdmigrate.rules.wording import plural

_MOST_TOLD = 3
_RECOVER = (
    "Restore a backup, or recover what is there with 'sqlite3 FILE .recover', and migrate that; or leave the"
    " table out in the plan (include = false); or take what can be read, with --gate integrity=warn."
)


def is_structural(message: str) -> bool:
    """Whether the message is about pages, and not about a row, an index or a check that was not made."""
    return _kind(message)[0] == "source-damaged"


def damage_findings(damages: Iterable[Damage]) -> Iterator[Finding]:
    """One finding for each damaged table."""
    for damage in damages:
        read = f"{plural(damage.rows, 'row')} of it can be read"
        if damage.whole:
            what = f"{read}, though its pages contradict each other: rows may be missing or wrong"
        else:
            what = f"Only {read[0].lower()}{read[1:]}{_places(damage)}; what else it held is lost to SQLite"
        yield Finding(
            code="source-damaged",
            severity="error",
            table=damage.table,
            column=None,
            count=damage.rows,
            message=f"The table is damaged. {what}. SQLite says: {_listed(damage.messages)}",
            advice=_RECOVER,
        )


def integrity_findings(
    messages: tuple[str, ...], damages: tuple[Damage, ...], *, unparsed: bool
) -> Iterator[Finding]:
    """One finding for each kind of message; pages that are told with their tables are not told again.

    Args:
        messages: of PRAGMA integrity_check over the whole file.
        damages: the damaged tables.
        unparsed: entries that cannot be parsed were taken out, whose pages are therefore not used.
    """
    kinds: dict[tuple[str, Severity, str], list[str]] = {}
    for message in messages:
        kinds.setdefault(_kind(message), []).append(message)
    for (code, severity, advice), found in kinds.items():
        if (code == "source-damaged" and damages) or (code == "pages-unused" and (damages or unparsed)):
            continue
        yield Finding(
            code=code,
            severity=severity,
            table=None,
            column=None,
            count=len(found),
            message=f"PRAGMA integrity_check: {_listed(found)}",
            advice=advice,
        )


def _listed(messages: Iterable[str]) -> str:
    told = list(messages)
    more = f"; and {len(told) - _MOST_TOLD} more." if len(told) > _MOST_TOLD else "."
    return "; ".join(told[:_MOST_TOLD]) + more


def _places(damage: Damage) -> str:
    """Where the rows stand that can be read."""
    if not damage.ranges:
        return ""
    told = [f"{first}" if first == last else f"{first} to {last}" for first, last in damage.ranges]
    more = f" and {len(told) - _MOST_TOLD} more stretches" if len(told) > _MOST_TOLD else ""
    return f" (rowid {', '.join(told[:_MOST_TOLD])}{more})"


def _kind(message: str) -> tuple[str, Severity, str]:
    """Code, severity and advice for one message (https://www.sqlite.org/pragma.html#pragma_integrity_check)."""
    if re.match(r"\S+ value in ", message):
        advice = "Decide in the plan what becomes of those rows."
        return "constraint-broken-in-source", "warning", advice
    if re.match(r"row \d+ |non-unique entry in index|wrong # of entries in index|rowid not at end", message):
        advice = "Rows are read from the tables, not the index; REINDEX the source when you can."
        return "index-damaged", "warning", advice
    if "could not be checked: " in message:
        advice = "It needs functions or collations that only the application has."
        return "integrity-not-checked", "warning", advice
    if re.fullmatch(r"Page \d+ is never used|Page \d+: never used", message):
        advice = "No table is short of a row by that, unless one was dropped; VACUUM the source when you can."
        return "pages-unused", "info", advice
    advice = (
        "Every table was read whole: an index, a virtual table or the list of free pages is damaged."
        " VACUUM or REINDEX the source when you can."
    )
    return "source-damaged", "warning", advice
