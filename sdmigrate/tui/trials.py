"""What plans would do, as far as the child process has told: asked for once, and kept.

Invariant: at most one trial is under way, since the child ends it when the next command comes. A table is
tried alone first, which is quick, then together with the tables that foreign keys tie it to.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from sdmigrate.model.plan import TablePlan
from sdmigrate.model.trial import Trial
from sdmigrate.pipeline.messages import Tried, Try
from sdmigrate.rules.plan_review import Review

_Plans: TypeAlias = tuple[TablePlan, ...]


@dataclass(frozen=True)
class Outcome:
    """What a plan would do to one table."""

    trial: Trial | None
    """None where the plan would stop the run."""
    stopped_by: str | None = None
    """What would stop it, in a sentence."""
    is_whole: bool = True
    """Whether what the tables tied to it bring is in the numbers."""


class ShowsTrials:
    """A screen that draws what trials have told; the app tells it when there is more."""

    def show_trials(self) -> None:
        """Draw what is known by now."""
        raise NotImplementedError


class Trials:
    """Used by the thread that draws alone."""

    def __init__(self, ask: Callable[[Try], None]) -> None:
        self._ask = ask
        self._known: dict[_Plans, Tried] = {}
        self._number = 0
        self._asked: _Plans | None = None
        self._view: tuple[Review, dict[str, Outcome]] | None = None
        """Of the review that was looked at last: a screen asks many times, and a plan has many columns."""

    def forget(self) -> None:
        """Know nothing: the snapshot may be another one."""
        self._known.clear()
        self._asked = self._view = None

    def ended(self) -> None:
        """Another command was sent, which ends the trial under way; what is known stays."""
        self._asked = None

    def known(self, review: Review) -> dict[str, Outcome]:
        """What the plan in hand would do to each table; those of which nothing is known yet are left out."""
        if self._view is None or self._view[0] is not review:
            self._view = (review, self._found(review))
        return self._view[1]

    def _found(self, review: Review) -> dict[str, Outcome]:
        found: dict[str, Outcome] = {}
        for group in review.groups:
            together = self._known.get(group)
            for place, table in enumerate(group):
                if together is not None and together.trials:
                    found[table.source] = Outcome(together.trials[place])
                elif alone := self._known.get((table,)):
                    trial = alone.trials[0] if alone.trials else None
                    stopped_by = alone.stopped_by or (together.stopped_by if together else None)
                    found[table.source] = Outcome(trial, stopped_by, is_whole=together is not None)
                elif together is not None:
                    found[table.source] = Outcome(None, together.stopped_by)
        return found

    def want(self, review: Review, pointed: str | None, *, at_once: bool = False) -> None:
        """Have the next thing tried out that is not known, what touches the pointed table first.

        A trial under way that the review still needs goes on; ``at_once`` ends one of other tables.
        """
        known = self.known(review)
        if len(known) == len(review.plan.tables) and all(outcome.is_whole for outcome in known.values()):
            return
        wanted = list(_in_order(review, pointed))
        needed = next((plans for plans in wanted if plans not in self._known), None)
        if needed is None or needed == self._asked:
            return
        if self._asked in wanted and not (at_once and not _holds(self._asked, pointed)):
            return
        self._number += 1
        self._asked = needed
        self._ask(Try(number=self._number, plans=needed))

    def heard(self, tried: Tried) -> None:
        """Keep the answer; one to an earlier question that crossed a later one is let go."""
        if tried.number == self._number and self._asked is not None:
            self._known[self._asked] = tried
            self._asked = self._view = None


def _holds(plans: _Plans | None, table: str | None) -> bool:
    return plans is not None and any(each.source == table for each in plans)


def _in_order(review: Review, pointed: str | None) -> Iterator[_Plans]:
    """The pointed table alone, its group, then the other groups."""
    first = next((group for group in review.groups if _holds(group, pointed)), None)
    if first is not None:
        yield from ((each,) for each in first if each.source == pointed)
        yield first
    yield from (group for group in review.groups if group is not first)
