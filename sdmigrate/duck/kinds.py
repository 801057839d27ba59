"""Which form a value certainly has, as a DuckDB expression: patterns for what needs no parsing.

Invariant: a pattern settles a value only where the form is beyond doubt and no rule may object to the value,
so that counting what it settles and parsing every value agree.
"""

from sdmigrate.duck.encoding import Carriage, literal
from sdmigrate.rules.convert_numbers import EXACT_INTEGERS
from sdmigrate.rules.evidence import Evidence
from sdmigrate.rules.form_epochs import EPOCHS
from sdmigrate.rules.form_record import LONGEST_FORM
from sdmigrate.rules.forms import FORM_BY_NAME, SUSPECT
from sdmigrate.rules.watching import Watch

_SETTLED_TEXT = {"iso_date": 10, "iso_datetime": 19, "time": 8, "uuid": 36}
"""Forms of text that a pattern settles, with the one length of what matches it."""
SETTLED_EPOCHS = {"epoch_s": 86_400, "epoch_ms": 86_400_000, "epoch_us": 86_400_000_000}
"""Epochs whose numbers need no look of their own, with the units of a day."""
# A cast that fails spells out why, which takes longer than all else where a text is long.
DOUBLE = "CASE WHEN starts_with(v, 'r') THEN TRY_CAST(v[2:] AS DOUBLE) END"
NUMBERS: dict[Carriage, str] = {
    "any": "CASE WHEN starts_with(v, 'i') THEN TRY_CAST(v[2:] AS BIGINT) END",
    "text": "CAST(NULL AS BIGINT)",
    "integer": "stored",
}
"""DuckDB expression of a grouped value that is an INTEGER."""


def kind_of(evidence: Evidence, carriage: Carriage) -> str:
    """DuckDB expression of a value's storage class and form, ``t:iso_date``; NULL where parsing must tell."""
    cases = ["WHEN v IS NULL OR contains(v, chr(0)) THEN NULL"]
    if evidence.watch is not None:
        cases += _objections(evidence.watch, NUMBERS[carriage])
    if carriage != "integer":
        cases += _text_cases(evidence)
    if carriage != "text" and evidence.declared_digits is None:
        cases += _number_cases(evidence, NUMBERS[carriage])
    return f"CASE {' '.join(cases)} END"


def _objections(watch: Watch, number: str) -> list[str]:
    """Cases for the values that a rule may object to, and so has to see."""
    objections = [f"contains(v, {literal(needle)})" for needle in watch.needles]
    if watch.longest is not None:
        objections.append(f"length(v) > {watch.longest + 1}")
    if watch.days is not None:
        first, last = (literal(f"t{day}") for day in watch.days)
        # A time of that last day comes before the exclamation mark.
        objections.append(f"v < {first} OR v >= {last} || '!'")
    if watch.numbers is not None:
        low, high = watch.numbers
        told = f"coalesce({number}, {DOUBLE})"
        objections += [f"{told} < {low}"] if low is not None else []
        objections += [f"{told} > {high}"] if high is not None else []
    return [f"WHEN {objection} THEN NULL" for objection in objections]


def _text_cases(evidence: Evidence) -> list[str]:
    cases = []
    if evidence.interest != "json":
        for name, length in _SETTLED_TEXT.items():
            certain = FORM_BY_NAME[name].certain
            cases.append(
                f"WHEN strlen(v) = {length + 1} AND regexp_full_match(v, {literal(f't(?:{certain})')})"
                f" THEN {literal(f't:{name}')}"
            )
        suspect = literal("^t" + SUSPECT.removeprefix("^"))
        long = LONGEST_FORM + 1
        cases.append(
            f"WHEN starts_with(v, 't') AND (strlen(v) > {long}"
            f" AND (strlen(v) > {4 * long} OR length(v) > {long})"
            " AND regexp_matches(v, '^t[!-~]')"
            f" OR NOT regexp_matches(v, {suspect})) THEN 't:other'"
        )
    if evidence.declared_digits is None and evidence.interest == "any":
        cases.append(f"WHEN regexp_full_match(v, 't{FORM_BY_NAME['integer'].certain}') THEN 't:integer'")
    return cases


def _number_cases(evidence: Evidence, number: str) -> list[str]:
    if evidence.interest != "date":
        return [
            f"WHEN starts_with(v, 'i') AND {number} BETWEEN {-EXACT_INTEGERS} AND {EXACT_INTEGERS}"
            " THEN 'i:integer'",
            "WHEN regexp_full_match(v, 'r-?[0-9]{1,15}[.][0-9]{1,15}') THEN 'r:real'",
        ]
    # No other form has numbers of these magnitudes; those between them are read one by one.
    return [
        f"WHEN starts_with(v, 'i') AND {number} >= {low} AND {number} < {high} THEN 'i:{epoch.name}'"
        for epoch in EPOCHS
        for low, high in (epoch.bounds(),)
        if epoch.name in SETTLED_EPOCHS
    ]
