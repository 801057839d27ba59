"""The text of a plan by itself: its TOML, its keys and the values that can be meant by them.

Invariant: what can be known to be wrong without the source is refused here, with its line.
"""

import difflib
import tomllib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn, get_args

from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.finding_codes import FINDING_CODES
from sdmigrate.model.plan import Duplicates, Empty, Misfit, Naming, Orphans
from sdmigrate.rules.convert_dates import zone_of
from sdmigrate.rules.forms import PLAN_FORMS
from sdmigrate.rules.naming import check_target_name
from sdmigrate.rules.plan_difference import Path
from sdmigrate.rules.plan_places import Places, parse
from sdmigrate.rules.type_families import TYPE_NAMES, canonical_type


def check(text: str) -> None:
    """Look through the text before there is a source to hold it against.

    Raises:
        UsageProblem: it is no plan of any source; the message names the line.
    """
    reader = Reader(text)
    reader.table((), TOP_KEYS)
    for name in reader.mappings(("tables",)):
        reader.table(("tables", name), TABLE_KEYS)
        for column in reader.mappings(("tables", name, "columns")):
            reader.table(("tables", name, "columns", column), COLUMN_KEYS)


class PlanProblem(UsageProblem):
    """One line of a plan that cannot be meant."""

    def __init__(self, line: int, problem: str, hint: str) -> None:
        super().__init__(f"Plan, line {line}: {problem}", hint)
        self.problem = problem
        """Without the line, for a face that shows no lines."""


class Reader:
    """The document, its text for line numbers, and the one way to refuse."""

    def __init__(self, text: str) -> None:
        self.places = Places(text)
        try:
            self.document = parse(text)
        except tomllib.TOMLDecodeError as error:
            raise UsageProblem(
                f"The plan is no valid TOML: {error}", "Correct it, or write a new one with 'plan new'."
            ) from error

    def refuse(self, path: Path, problem: str, hint: str = "Correct that line of the plan.") -> NoReturn:
        """Stop at that place of the document."""
        raise PlanProblem(self.places.line_of(path), problem, hint)

    def at(self, path: Path) -> Any:
        """The value there; an empty table where there is none."""
        here: Any = self.document
        for part in path:
            here = here.get(part, {})
        return here

    def mappings(self, path: Path) -> dict[str, Any]:
        """The table of tables there."""
        here = self.at(path)
        if not isinstance(here, dict):
            self.refuse(path, f"{path[-1]} must be a table.")
        for name, value in here.items():
            if not isinstance(value, dict):
                self.refuse((*path, name), f"{name!r} must be a table.")
        return here

    def table(self, path: Path, keys: Mapping[str, "Check"]) -> dict[str, Any]:
        """The checked values of the table there; those of nested tables are left to their own reading."""
        given = {}
        for name, value in self.at(path).items():
            if name not in keys:
                self.refuse((*path, name), f"the key {name!r} is unknown.", likely(name, keys))
            problem, given[name] = keys[name](value)
            if problem:
                self.refuse((*path, name), f"{name} {problem}.")
        return {name: value for name, value in given.items() if value is not _NESTED}


Check = Callable[[Any], tuple[str, Any]]
"""From a TOML value to what is wrong with it (empty where nothing is) and the value to use."""

_NESTED = object()


def _text(value: Any) -> tuple[str, Any]:
    return ("" if isinstance(value, str) else "must be a string"), value


def _truth(value: Any) -> tuple[str, Any]:
    return ("" if isinstance(value, bool) else "must be true or false"), value


def _texts(value: Any) -> tuple[str, Any]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return "must be a list of strings", value
    return "", tuple(value)


def _codes(value: Any) -> tuple[str, Any]:
    problem, texts = _texts(value)
    unknown = "" if problem else next((text for text in texts if text not in FINDING_CODES), "")
    return (f"names no finding of docs/findings.md: {unknown}" if unknown else problem), texts


def _one_of(*choices: str) -> Check:
    def check(value: Any) -> tuple[str, Any]:
        return ("" if value in choices else "must be one of " + ", ".join(choices)), value

    return check


def _target(value: Any) -> tuple[str, Any]:
    if not isinstance(value, str):
        return "must be a string", value
    problem = check_target_name(value)
    return (f"cannot be used: {problem}" if problem else ""), value


def _type(value: Any) -> tuple[str, Any]:
    canonical = canonical_type(value) if isinstance(value, str) else None
    return ("" if canonical else f"must be one of {TYPE_NAMES}"), canonical


def _form(value: Any) -> tuple[str, Any]:
    return ("" if value in PLAN_FORMS else "must be one of " + ", ".join(sorted(PLAN_FORMS))), value


def _zone(value: Any) -> tuple[str, Any]:
    if not isinstance(value, str):
        return "must be a string", value
    try:
        zone_of(value)
    except ValueError:
        return "must be a time zone like Australia/Sydney, or empty for UTC", value
    return "", value


def _version(value: Any) -> tuple[str, Any]:
    return ("" if value == 1 and not isinstance(value, bool) else "must be 1"), value


def _nested(_: Any) -> tuple[str, Any]:
    return "", _NESTED


TOP_KEYS: dict[str, Check] = {
    "version": _version,
    "naming": _one_of(*get_args(Naming)),
    "day_first": _truth,
    "complete": _truth,
    "accept_quarantine": _nested,
    "tables": _nested,
}
TABLE_KEYS: dict[str, Check] = {
    "target": _target,
    "include": _truth,
    "where": _text,
    "duplicates": _one_of(*get_args(Duplicates)),
    "order": _texts,
    "duplicate_key": _texts,
    "orphans": _one_of(*get_args(Orphans)),
    "agreed": _codes,
    "columns": _nested,
}
COLUMN_KEYS: dict[str, Check] = {
    "target": _target,
    "type": _type,
    "form": _form,
    "zone": _zone,
    "day_first": _truth,
    "empty": _one_of(*get_args(Empty)),
    "placeholders": _texts,
    "misfit": _one_of(*get_args(Misfit)),
    "default": _text,
    "nul_bytes": _one_of("strip", "quarantine"),
    "invalid_utf8": _one_of("quarantine", "cp1252", "latin1"),
    "trailing_blanks": _one_of("keep", "strip"),
    "newline_runs": _one_of("keep", "single"),
    "agreed": _codes,
}


def likely(name: str, known: Iterable[str], *, otherwise: str = "Correct that line of the plan.") -> str:
    """The known name that was probably meant, as a hint."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"Did you mean {close[0]!r}?" if close else otherwise
