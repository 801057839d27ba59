"""How a plan differs from another plan, and from the source that it is used on.

Invariant: a table or column that came, went or changed is always named; nothing is matched by likeness.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import msgspec

from sdmigrate.model.catalog import Catalog
from sdmigrate.model.finding import Finding
from sdmigrate.model.listing import PlanDiffers
from sdmigrate.model.plan import ColumnPlan, Plan, TablePlan
from sdmigrate.model.profile import ColumnProfile, Profile
from sdmigrate.model.record import Record
from sdmigrate.rules.column_decisions import ORDER_DECIDED, is_against_most, misfits
from sdmigrate.rules.convert_numbers import SEPARATED
from sdmigrate.rules.separators import order_of
from sdmigrate.rules.type_families import MOMENTS, canonical_type, family, is_number

Path: TypeAlias = tuple[str, ...]
"""Keys from the top of the plan's file, for example ("tables", "tickets", "columns", "id")."""


class Drift(Record):
    """Where the source no longer has the shape that a plan was written for."""

    gone: tuple[Path, ...] = ()
    """Tables and columns that the plan names and the source lacks."""
    new: tuple[Path, ...] = ()
    """Tables and columns that the source has and the plan, which says it is complete, does not name."""

    changed: tuple[Path, ...] = ()
    """Columns most of whose values the type in the plan, which says it is complete, cannot hold."""
    reread: tuple[Path, ...] = ()
    """Columns whose own values say another day order (most of them) or another decimal separator than the
    plan, which says it is complete: they would be read, and mean something else."""

    def __bool__(self) -> bool:
        return bool(self.gone or self.new or self.changed or self.reread)

    @property
    def kinds(self) -> tuple[tuple[str, tuple[Path, ...]], ...]:
        """Each kind of drift by name."""
        return (("gone", self.gone), ("new", self.new), ("changed", self.changed), ("reread", self.reread))

    @property
    def following(self) -> tuple[Path, ...]:
        """Columns that follow the proposal where the drift is accepted."""
        return (*self.changed, *self.reread)

    @property
    def lines(self) -> tuple[str, ...]:
        """One line for each difference."""
        return tuple(f"{kind}: {in_words(path)}" for kind, paths in self.kinds for path in paths)


def in_words(path: Path) -> str:
    """A table or column by its place in the file."""
    if len(path) == 4:
        return f"column {path[3]!r} of table {path[1]!r}"
    return f"table {path[1]!r}"


def drift(tables: Mapping[str, Any], catalog: Catalog, *, complete: bool) -> Drift:
    """The drift of the catalog from a plan's ``tables``, each a mapping with an optional ``columns``."""
    known = {table.name: {column.name for column in table.columns} for table in catalog.tables}
    named = {name: set(table.get("columns", {})) for name, table in tables.items()}
    gone: list[Path] = []
    for name, table in tables.items():
        if name not in known:
            gone.append(("tables", name))
            continue
        gone += [
            ("tables", name, "columns", column)
            for column in table.get("columns", {})
            if column not in known[name]
        ]
    new: list[Path] = []
    for declared in catalog.tables if complete else ():
        if declared.name not in named:
            new.append(("tables", declared.name))
            continue
        new += [
            ("tables", declared.name, "columns", column.name)
            for column in declared.columns
            if column.name not in named[declared.name]
        ]
    return Drift(gone=tuple(gone), new=tuple(new))


def with_values(found: Drift, tables: Mapping[str, Any], profile: Profile) -> Drift:
    """The drift with that of the values from the ``tables`` of a plan which says it is complete."""
    changed = changed_columns(tables, profile)
    reread = tuple(path for path in _columns(tables, profile, _is_reread) if path not in changed)
    return msgspec.structs.replace(found, changed=changed, reread=reread)


def changed_columns(tables: Mapping[str, Any], profile: Profile) -> tuple[Path, ...]:
    """The columns of a complete plan's ``tables`` that are no longer what their type was chosen for.

    One is named where more than half of its values do not fit the type and would go to quarantine or fail
    the run; a plan that turns misfits to NULL or text has decided on them.
    """
    return _columns(tables, profile, _is_changed)


def _columns(
    tables: Mapping[str, Any], profile: Profile, drifted: Callable[[Mapping[str, Any], ColumnProfile], bool]
) -> tuple[Path, ...]:
    return tuple(
        ("tables", table.name, "columns", column.name)
        for table in profile.tables
        for column in table.columns
        if drifted(tables.get(table.name, {}).get("columns", {}).get(column.name, {}), column)
    )


def _is_changed(given: Mapping[str, Any], column: ColumnProfile) -> bool:
    named = given.get("type")
    type_ = canonical_type(named) if isinstance(named, str) else None
    if type_ is None or given.get("misfit", "quarantine") not in ("quarantine", "fail"):
        return False
    if type_ == column.proposed == "text":
        # What text cannot hold, bytes of no encoding and BLOBs, is no other type of values.
        return False
    unfit = misfits(column, type_, given.get("day_first"), given.get("form", "auto"))
    if unfit is None:
        return family(type_) not in ("text", family(column.proposed))
    return 2 * unfit > column.classes.values


def _is_reread(given: Mapping[str, Any], column: ColumnProfile) -> bool:
    """By its own values: what they leave open the operator may decide against the rest of the table."""
    form, type_ = given.get("form", "auto"), canonical_type(str(given.get("type", "")))
    if type_ is None:
        return False
    if family(type_) in MOMENTS:
        named = form[:3] == "dmy" if form[:3] in ("dmy", "mdy") else given.get("day_first")
        agreed = ORDER_DECIDED in given.get("agreed", ())
        return named is not None and not agreed and is_against_most(column, day_first=named)
    return form in SEPARATED and is_number(type_) and order_of(column.forms) not in (None, form)


_DRIFTS = {
    "gone": "is in the plan and no longer in the source",
    "new": "is new in the source and follows the proposal",
    "changed": "holds other values than the plan's type and follows the proposal",
    "reread": "is written in another order or with other separators and follows the proposal",
}


def drift_findings(drifted: Drift) -> tuple[Finding, ...]:
    """One for each table and column that the operator accepted as drifted."""
    return tuple(
        Finding(
            code=f"plan-drift-{'changed' if kind == 'reread' else kind}",
            severity="warning",
            table=path[1],
            column=path[3] if len(path) == 4 else None,
            count=1,
            message=f"The {in_words(path)} {_DRIFTS[kind]}.",
            advice="Write the plan anew with 'plan new', or correct it, before the next import.",
        )
        for kind, paths in drifted.kinds
        for path in paths
    )


def difference(before: Plan, after: Plan) -> tuple[PlanDiffers, ...]:
    """The decisions that differ, in the order of the plans; none where they decide alike."""
    found = list(_changed(before, after, ("naming", "day_first", "accept_quarantine")))
    earlier = {table.source: table for table in before.tables}
    later = {table.source: table for table in after.tables}
    found += [
        PlanDiffers(kind="removed", table=name, before=table.target)
        for name, table in earlier.items()
        if name not in later
    ]
    for name, table in later.items():
        if name not in earlier:
            found.append(PlanDiffers(kind="added", table=name, after=table.target))
        else:
            found += _of_table(earlier[name], table)
    return tuple(found)


def difference_line(differs: PlanDiffers) -> str:
    """``-`` is in the plan before only, ``+`` in the one after only, ``~`` in both and different."""
    place = f"table {differs.table!r}" if differs.table is not None else ""
    if differs.column is not None:
        place = f"column {differs.column!r} of {place}"
    match differs.kind:
        case "removed":
            return f"- {place}"
        case "added":
            return f"+ {place} -> {_shown(differs.after)}"
        case "changed":
            named = f"{place} {differs.key}".lstrip()
            return f"~ {named}: {_shown(differs.before)} -> {_shown(differs.after)}"


def _of_table(before: TablePlan, after: TablePlan) -> Iterator[PlanDiffers]:
    fields = [field for field in before.__struct_fields__ if field != "columns"]
    yield from _changed(before, after, fields, table=after.source)
    earlier = {column.source: column for column in before.columns}
    later = {column.source: column for column in after.columns}
    for name, column in earlier.items():
        if name not in later:
            yield PlanDiffers(kind="removed", table=before.source, column=name, before=column.type)
    fields = [field for field in ColumnPlan.__struct_fields__ if field not in ("confidence", "decision")]
    for name, column in later.items():
        if name not in earlier:
            yield PlanDiffers(kind="added", table=after.source, column=name, after=column.type)
        else:
            yield from _changed(earlier[name], column, fields, table=after.source, column=name)


def _changed(
    before: Record, after: Record, keys: Iterable[str], *, table: str | None = None, column: str | None = None
) -> Iterator[PlanDiffers]:
    for key in keys:
        one, other = getattr(before, key), getattr(after, key)
        if one != other:
            yield PlanDiffers(kind="changed", table=table, column=column, key=key, before=one, after=other)


def _shown(value: object) -> str:
    match value:
        case None:
            return "unset"
        case bool():
            return "true" if value else "false"
        case tuple():
            return "(" + ", ".join(_shown(item) for item in value) + ")"
        case _:
            return str(value) if not isinstance(value, str) else repr(value)
