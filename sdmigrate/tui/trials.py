"""What plans would do, as far as the child process has told: asked for once, and kept.

Invariant: at most one trial is under way, since the child ends it when the next command comes.
"""

from collections.abc import Callable

from sdmigrate.model.plan import TablePlan
from sdmigrate.pipeline.messages import Tried, Try


class Trials:
    """Used by the thread that draws alone."""

    def __init__(self, ask: Callable[[Try], None]) -> None:
        self._ask = ask
        self._known: dict[TablePlan, Tried] = {}
        self._number = 0
        self._asked: TablePlan | None = None

    def forget(self) -> None:
        """Know nothing: the snapshot may be another one."""
        self._known.clear()
        self._asked = None

    def known(self, plan: TablePlan) -> Tried | None:
        """What that plan would do; None while it is not known."""
        return self._known.get(plan)

    def want(self, plan: TablePlan) -> None:
        """Have it tried out, in place of what is being tried, unless it is known or under way."""
        if plan in self._known or plan == self._asked:
            return
        self._number += 1
        self._asked = plan
        self._ask(Try(number=self._number, plan=plan))

    def heard(self, tried: Tried) -> None:
        """Keep the answer; one to an earlier question that crossed a later one is let go."""
        if tried.number == self._number and self._asked is not None:
            self._known[self._asked] = tried
            self._asked = None
