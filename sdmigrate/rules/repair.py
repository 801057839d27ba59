"""What cleaning does with one value: conversion first, then the column's policy for what does not fit.

Invariant: pure; a value is kept, changed by a named rule, or its row goes to quarantine with a reason.
"""

from sdmigrate.model.errors import Refused
from sdmigrate.model.plan import ColumnPlan
from sdmigrate.model.plan import Misfit as MisfitPolicy
from sdmigrate.model.values import Value, stored
from sdmigrate.rules.conversion import convert, fill
from sdmigrate.rules.outcome import Changed, Kept, Misfit, Outcome

EMPTY_TEXT = "empty-text"
"""The code of a misfit to which the column's ``empty`` may have an answer of its own."""

NUL_BYTE = "nul-byte"
"""The code of a text with a NUL, which is a misfit only where ``nul_bytes`` says so."""


def repair(value: Value, column: ColumnPlan) -> Outcome:
    """What becomes of the value; a Misfit that is returned means quarantine of its row.

    Raises:
        Refused: the plan says that such a value fails the run.
    """
    outcome = convert(value, column) if value is not None else fill(column) or Kept()
    if not isinstance(outcome, Misfit):
        return outcome
    match _policy(outcome, column):
        case "fail":
            raise Refused(
                f"Column {column.source!r} holds {stored(value).text!r}: {outcome.reason};"
                " the plan says that this fails the run.",
                "Mend the value in the source, or choose 'quarantine' or 'null' for it in the plan.",
            )
        case "null" if column.default:
            return fill(column) or outcome
        case "null" if not column.not_null:
            return Changed(None, "misfit-to-null")
        case _:
            return outcome


def _policy(misfit: Misfit, column: ColumnPlan) -> MisfitPolicy:
    """What is decided for this very kind of value comes before what is decided for misfits in general."""
    if misfit.code == NUL_BYTE:
        return "quarantine"
    if misfit.code == EMPTY_TEXT and column.empty in ("quarantine", "fail"):
        return "fail" if column.empty == "fail" else "quarantine"
    return column.misfit
