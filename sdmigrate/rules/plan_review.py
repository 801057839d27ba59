"""A plan under review: one decision changed at a time, and what is still undecided.

Invariant: a plan that comes out of a review is what the plan stage makes of its file, since every change goes
through the file's own text and reader; what the file refuses, a review refuses in the same words.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias, TypeVar

import msgspec

from sdmigrate.model.catalog import Catalog
from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.finding import Finding
from sdmigrate.model.plan import ColumnPlan, Plan, TablePlan
from sdmigrate.model.profile import ColumnProfile, Profile
from sdmigrate.model.settings import Limits
from sdmigrate.rules import plan_file
from sdmigrate.rules.breaker import halting
from sdmigrate.rules.column_decisions import with_day_first, with_default, with_form, with_type
from sdmigrate.rules.plan_findings import plan_findings
from sdmigrate.rules.planning import propose
from sdmigrate.rules.reference_types import carried, tied_tables
from sdmigrate.rules.type_families import TYPE_NAMES, canonical_type

Place: TypeAlias = tuple[str, str | None]
"""A table's source name and a column's; None for the table itself."""

_OF_THE_TABLE = frozenset({"duplicate-declared-key", "duplicates-decided", "orphans"})
"""Findings that may name a column and are decided for the table."""


@dataclass(frozen=True)
class Review:
    """The plan in hand, what it is about, and the plans it was before."""

    catalog: Catalog
    profile: Profile
    plan: Plan
    proposal: Plan
    """What follows from the evidence alone."""
    day_first: bool | None
    """From the command line; it wins over the plan's."""
    limits: Limits
    """What a proposed type needs to override the declared one, and what the quarantine gate lets pass."""
    earlier: tuple[Plan, ...] = ()
    """The newest last."""

    @property
    def undone(self) -> "Review":
        """Before the latest change; the same where there was none."""
        if not self.earlier:
            return self
        return replace(_over(self, self.earlier[-1]), earlier=self.earlier[:-1])

    @property
    def changed(self) -> bool:
        """Whether the plan says anything else than when the review began."""
        return bool(self.earlier) and not _same(self.earlier[0], self.plan)

    @property
    def text(self) -> str:
        """The plan as a file, complete: for the next import, which it tells of drift."""
        return plan_file.write(self.plan, self.profile)

    @property
    def decisions(self) -> str:
        """The plan as a file of what differs from the proposal, for this source."""
        return plan_file.write(self.plan, self.profile, proposal=self.proposal)

    def column(self, table: str, column: str) -> ColumnPlan:
        """The decision for the column.

        Raises:
            KeyError: there is none of that name.
        """
        return self._columns[table, column]

    def evidence(self, table: str, column: str) -> ColumnProfile:
        """What the column's values are.

        Raises:
            KeyError: there is none of that name.
        """
        return self._evidence[table, column]

    # A screen asks for every column at each change, and a table may have thousands.
    @cached_property
    def _columns(self) -> dict[Place, ColumnPlan]:
        return {(table.source, one.source): one for table in self.plan.tables for one in table.columns}

    @cached_property
    def _evidence(self) -> dict[Place, ColumnProfile]:
        return {(table.name, one.name): one for table in self.profile.tables for one in table.columns}

    @cached_property
    def groups(self) -> tuple[tuple[TablePlan, ...], ...]:
        """The tables' plans, those together on whose rows a decision for any of them may tell."""
        plans = {table.source: table for table in self.plan.tables}
        return tuple(tuple(plans[name] for name in names) for names in tied_tables(self.catalog))

    @cached_property
    def decided(self) -> frozenset[Place]:
        """The tables and columns decided otherwise than proposed; a name alone decides nothing."""
        found: set[Place] = set()
        for planned in self.plan.tables:
            proposed = self.proposal.table(planned.source)
            if _own(planned) != _own(proposed):
                found.add((planned.source, None))
            found |= {
                (planned.source, one.source)
                for one, other in zip(planned.columns, proposed.columns, strict=True)
                if _bare(one) != _bare(other)
            }
        return frozenset(found)

    @cached_property
    def undecided(self) -> dict[Place, tuple[Finding, ...]]:
        """Default decisions that change, lose or leave something open, neither decided nor agreed to yet."""
        found: dict[Place, tuple[Finding, ...]] = {}
        for place, finding in self._defaults():
            if place not in self.decided and finding.code not in self._agreed(place):
                found[place] = (*found.get(place, ()), finding)
        return found

    @cached_property
    def agreed(self) -> frozenset[Place]:
        """The tables and columns whose default decision stands because the operator agreed to it."""
        asked = {place for place, _ in self._defaults()}
        return frozenset(asked - self.undecided.keys() - self.decided)

    @cached_property
    def halting(self) -> frozenset[Place]:
        """The columns for which the breaker halts under the plan; a decision alone settles them."""
        return frozenset(halting(self.profile, self.plan, self.limits))

    def _defaults(self) -> Iterator[tuple[Place, Finding]]:
        # The profile's own findings would hide a decision that they tell of already.
        bare = msgspec.structs.replace(self.profile, findings=())
        told: set[tuple[str | None, str | None]] = set()
        for finding in plan_findings(self.catalog, bare, self.plan):
            if finding.code == "ambiguous-dates":
                told.add((finding.table, finding.column))
            yield from _placed(finding)
        for finding in self._orphans():
            yield from _placed(finding)
        for finding in self.profile.findings:
            place = (finding.table, finding.column)
            if finding.code == "ambiguous-day-month" and place not in told and self._is_open_text(place):
                yield from _placed(finding)
            if finding.code == "doubtful-epoch" and self._is_doubtful(place):
                yield from _placed(finding)

    def _is_doubtful(self, place: tuple[str | None, str | None]) -> bool:
        """Whether the column's counts are read as they are only while nothing settles it."""
        table, column = place
        if table is None or column is None or not self.plan.table(table).include:
            return False
        planned = self.column(table, column)
        return planned.decision != "operator" and planned.form == self.evidence(table, column).form

    def _is_open_text(self, place: tuple[str | None, str | None]) -> bool:
        """Whether the column is text because neither its values nor the operator settle day and month."""
        table, column = place
        if table is None or column is None or not self.plan.table(table).include:
            return False
        planned = self.column(table, column)
        return planned.type == "text" and planned.day_first is None and planned.decision != "operator"

    def _orphans(self) -> Iterator[Finding]:
        """The profile's findings on rows that the plan keeps and whose declared foreign key they break."""
        kept = {table.source for table in self.plan.tables if table.include and table.orphans == "keep"}
        broken = {
            (table.name, reference.columns[0] if len(reference.columns) == 1 else None)
            for table in self.profile.tables
            if table.name in kept
            for reference in table.references
            if reference.declared and reference.orphans
        }
        for finding in self.profile.findings:
            if finding.code == "orphans" and (finding.table, finding.column) in broken:
                yield finding

    def _agreed(self, place: Place) -> tuple[str, ...]:
        table, column = place
        return self.plan.table(table).agreed if column is None else self.column(table, column).agreed


def _placed(finding: Finding) -> Iterator[tuple[Place, Finding]]:
    if finding.severity != "info" and finding.table is not None:
        yield (finding.table, None if finding.code in _OF_THE_TABLE else finding.column), finding


def begun(
    catalog: Catalog, profile: Profile, plan: Plan, *, day_first: bool | None, limits: Limits
) -> Review:
    """The review of a plan as it stands.

    Raises:
        KeyError: plan, profile and catalog are not of one source.
    """
    proposal = propose(
        catalog, profile, day_first=plan.day_first, naming=plan.naming, confidence=limits.confidence
    )
    return Review(catalog, profile, plan, proposal, day_first, limits)


def with_plan(review: Review, **decisions: Any) -> Review:
    """With another naming or date order for every table and column that is not decided otherwise.

    Raises:
        UsageProblem: the plan cannot be so, or the command line settled the date order.
    """
    if "day_first" in decisions and review.day_first is not None:
        given = "--day-first" if review.day_first else "--month-first"
        raise UsageProblem(f"{given} was given for every column.", "Start the run without it.")
    return _settled(review, msgspec.structs.replace(review.plan, **decisions))


def with_agreed(review: Review, places: Iterable[Place]) -> Review:
    """With the default decisions of these places agreed to, as one change."""
    wanted = {
        place: tuple(sorted({finding.code for finding in review.undecided[place]}))
        for place in places
        if place in review.undecided
    }
    tables = []
    for table in review.plan.tables:
        columns = tuple(
            _agreeing(each, wanted.get((table.source, each.source), ())) for each in table.columns
        )
        own = _agreeing(table, wanted.get((table.source, None), ()))
        tables.append(msgspec.structs.replace(own, columns=columns))
    return _settled(review, msgspec.structs.replace(review.plan, tables=tuple(tables)))


_Agreeing = TypeVar("_Agreeing", TablePlan, ColumnPlan)


def _agreeing(planned: _Agreeing, codes: tuple[str, ...]) -> _Agreeing:
    return msgspec.structs.replace(planned, agreed=tuple(sorted({*planned.agreed, *codes})))


def with_table(review: Review, table: str, **decisions: Any) -> Review:
    """With other decisions for the table, by their names in the plan's file.

    Raises:
        UsageProblem: the plan cannot be so.
    """
    changed = msgspec.structs.replace(review.plan.table(table), **decisions)
    return _with(review, changed)


def with_column(review: Review, table: str, column: str, name: str, value: Any) -> Review:
    """With another decision for the column, and what follows from it.

    Raises:
        UsageProblem: the plan cannot be so.
    """
    before = review.column(table, column)
    evidence = review.evidence(table, column)
    if name == "type":
        canonical = canonical_type(value)
        if canonical is None:
            raise UsageProblem(f"{value!r} is no type.", f"Name one of {TYPE_NAMES}.")
        after = with_type(before, canonical, evidence.separators)
        if after.misfit == "text":
            # It would make the column text again.
            after = msgspec.structs.replace(after, misfit="quarantine")
        if canonical == evidence.proposed:
            after = msgspec.structs.replace(after, form=evidence.form)
    elif name == "day_first":
        after = with_day_first(before, evidence, day_first=value)
    elif name == "form":
        after = with_form(before, evidence, value)
    elif name == "default":
        after = with_default(before, value)
    else:
        after = msgspec.structs.replace(before, **{name: value})
    planned = review.plan.table(table)
    columns = tuple(after if each.source == column else each for each in planned.columns)
    return _with(review, msgspec.structs.replace(planned, columns=columns), [(table, column)])


def with_accepted(review: Review, table: str, rows: int) -> Review:
    """With so many rows of the table accepted in quarantine; 0 takes the acceptance back."""
    others = {name: number for name, number in review.plan.accept_quarantine.items() if name != table}
    accepted = others | ({table: rows} if rows else {})
    return _settled(review, msgspec.structs.replace(review.plan, accept_quarantine=accepted))


def _with(review: Review, table: TablePlan, decided: Collection[tuple[str, str]] = ()) -> Review:
    before = review.plan.tables
    tables = tuple(table if each.source == table.source else each for each in before)
    tables = carried(review.catalog, before, tables, decided)
    return _settled(review, msgspec.structs.replace(review.plan, tables=tables))


def _settled(review: Review, edited: Plan) -> Review:
    plan = plan_file.read(
        plan_file.write(edited, review.profile, proposal=review.proposal),
        review.catalog,
        review.profile,
        day_first=review.day_first,
        confidence=review.limits.confidence,
    )
    if _same(plan, review.plan):
        return review
    return replace(_over(review, plan), earlier=(*review.earlier, review.plan))


def _over(review: Review, plan: Plan) -> Review:
    """With that plan, and with the proposal that its naming and date order make."""
    proposal = review.proposal
    if (plan.naming, plan.day_first) != (proposal.naming, proposal.day_first):
        proposal = propose(
            review.catalog,
            review.profile,
            day_first=plan.day_first,
            naming=plan.naming,
            confidence=review.limits.confidence,
        )
    return replace(review, plan=plan, proposal=proposal)


def _same(one: Plan, other: Plan) -> bool:
    """Whether they decide alike and agree to the same; what a source says of them aside."""
    return _content(one) == _content(other)


def _content(plan: Plan) -> Plan:
    return msgspec.structs.replace(plan, findings=(), plan_id="")


def _own(table: TablePlan) -> TablePlan:
    return msgspec.structs.replace(table, target="", columns=(), agreed=())


def _bare(column: ColumnPlan) -> ColumnPlan:
    return msgspec.structs.replace(column, target="", confidence=1.0, decision="proposed", agreed=())
