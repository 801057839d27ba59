"""What the plan means for PostgreSQL: every table, key, index, check, foreign key and view, by name.

Invariant: nothing declared is dropped in silence; what PostgreSQL cannot be given with the same meaning is
a finding with its SQL. The same catalog, profile and plan always draw the same blueprint.
"""

from sdmigrate.model.blueprint import Blueprint, TargetCheck, TargetColumn, TargetTable, TargetView
from sdmigrate.model.catalog import Catalog, Column, OtherObject
from sdmigrate.model.plan import ColumnPlan, Plan
from sdmigrate.model.profile import ColumnProfile, Profile
from sdmigrate.rules.blueprint_keys import Keys, draw_keys
from sdmigrate.rules.blueprint_parts import Drawing, Subject, shown, subject_of
from sdmigrate.rules.blueprint_references import draw_foreign_keys, referred_columns
from sdmigrate.rules.expressions import (
    NO_DEFAULT,
    Relation,
    translate_check,
    translate_default,
    translate_generated,
    translate_view,
)
from sdmigrate.rules.naming import NameSpace, folded
from sdmigrate.rules.type_families import INTEGER_RANGES

_LARGEST_ID = 2**63 - 1


def draw(catalog: Catalog, profile: Profile, plan: Plan) -> Blueprint:
    """The blueprint of the tables that the plan includes.

    Raises:
        KeyError: catalog, profile and plan are not of one source.
    """
    plans = {table.source: table for table in plan.tables}
    profiles = {table.name: table for table in profile.tables}
    subjects = {
        table.name.lower(): subject_of(table, plans[table.name], profiles[table.name])
        for table in catalog.tables
        if plans[table.name].include
    }
    drawing = Drawing(naming=plan.naming, relations=NameSpace(one.name for one in subjects.values()))
    views = [other for other in catalog.others if other.kind == "view" and other.problem is None]
    view_names = {view.name: drawing.named("view", view.name) for view in views}
    for subject in subjects.values():
        for index in subject.table.indexes:
            if index.origin == "create":
                drawing.index_names[index.name] = drawing.named("index", index.name)
    referred = referred_columns(subjects)
    keys = {
        name: draw_keys(drawing, subject, referred.get(name, set())) for name, subject in subjects.items()
    }
    referable = {subject.table.name: keys[name].referable for name, subject in subjects.items()}
    tables = [_table(drawing, subject, keys[name], subjects, referable) for name, subject in subjects.items()]
    return Blueprint(
        plan_id=plan.plan_id,
        tables=tuple(tables),
        views=_views(drawing, views, view_names, subjects),
        findings=tuple(drawing.findings),
    )


def _table(
    drawing: Drawing,
    subject: Subject,
    keys: Keys,
    subjects: dict[str, Subject],
    referable: dict[str, set[frozenset[str]]],
) -> TargetTable:
    certain = _certain_integers(subject)
    return TargetTable(
        source=subject.table.name,
        name=subject.name,
        columns=tuple(_column(drawing, subject, *sides, certain) for sides in subject.columns.values()),
        primary_key=keys.primary_key,
        uniques=keys.uniques,
        checks=_checks(drawing, subject),
        indexes=keys.indexes,
        foreign_keys=draw_foreign_keys(drawing, subject, subjects, referable),
    )


def _column(
    drawing: Drawing,
    subject: Subject,
    declared: Column,
    decided: ColumnPlan,
    evidence: ColumnProfile,
    certain: Relation,
) -> TargetColumn:
    identity_next, exhausted = None, False
    if declared.name == subject.table.rowid_alias:
        identity_next, exhausted = _identity(drawing, subject, decided, evidence)
    generated = None
    if declared.generated is not None:
        generated = _generated(drawing, subject, declared, decided, evidence, certain)
    has_default = declared.default is not None and declared.generated is None and identity_next is None
    return TargetColumn(
        source=declared.name,
        name=decided.target,
        type=decided.type,
        not_null=decided.not_null,
        default=_default(drawing, subject, declared, decided) if has_default else None,
        identity_next=identity_next,
        identity_exhausted=exhausted,
        identity_sequence=None if identity_next is None else _sequence_name(drawing, subject, decided),
        generated=generated,
    )


def _default(drawing: Drawing, subject: Subject, declared: Column, decided: ColumnPlan) -> str | None:
    found = translate_default(declared.default or "", decided)
    if found is None:
        drawing.tell(
            "default-not-translated",
            "warning",
            f"The default {shown(declared.default)} has no certain equal as {decided.type}; the column has "
            "none.",
            "Set one after the cutover, or let the application give the value.",
            table=subject.table.name,
            column=declared.name,
        )
    return None if found == NO_DEFAULT else found


def _identity(
    drawing: Drawing, subject: Subject, decided: ColumnPlan, evidence: ColumnProfile
) -> tuple[int | None, bool]:
    """The next id, and whether there is none."""
    if decided.type not in INTEGER_RANGES:
        drawing.tell(
            "identity-not-created",
            "warning",
            f"The INTEGER PRIMARY KEY is {decided.type} under the plan, so new rows get no id by themselves.",
            "Leave its type to the proposal, or let the application give ids.",
            table=subject.table.name,
            column=decided.source,
        )
        return None, False
    highest = int(evidence.maximum.text) if evidence.maximum is not None else 0
    highest = max(highest, subject.table.sequence or 0, 0)
    if highest < INTEGER_RANGES[decided.type][1]:
        return highest + 1, False
    drawing.tell(
        "identity-exhausted",
        "warning",
        f"The highest id is {highest}, so no next id can be given.",
        "Give ids in the application, or correct that row in the source.",
        table=subject.table.name,
        column=decided.source,
    )
    return (_LARGEST_ID, True) if decided.type == "bigint" else (None, False)


def _sequence_name(drawing: Drawing, subject: Subject, decided: ColumnPlan) -> str:
    return drawing.relations.take(f"{subject.name}_{decided.target}_seq")


def _certain_integers(subject: Subject) -> Relation:
    """The table's plain columns whose every value is an integer and stays as it is."""
    certain = {
        name
        for name, (declared, decided, evidence) in subject.columns.items()
        if declared.generated is None
        and decided.type == "bigint"
        and not decided.default
        and evidence.classes.integer == evidence.classes.values
    }
    columns = tuple(column for column in subject.relation.columns if column.source in certain)
    return Relation(name=subject.name, columns=columns)


def _generated(
    drawing: Drawing,
    subject: Subject,
    declared: Column,
    decided: ColumnPlan,
    evidence: ColumnProfile,
    certain: Relation,
) -> str | None:
    """The expression where PostgreSQL is certain to compute every value again; None: a plain column."""
    all_integers = evidence.classes.integer == evidence.classes.values
    if declared.generated_expression and decided.type == "bigint" and all_integers and not decided.default:
        expression = translate_generated(declared.generated_expression, certain)
        if expression is not None:
            return expression
    drawing.tell(
        "generated-as-column",
        "info",
        "The generated column becomes an ordinary one with its values: "
        f"{shown(declared.generated_expression)}",
        "Let the application or a trigger compute it for new rows.",
        table=subject.table.name,
        column=declared.name,
    )
    return None


def _checks(drawing: Drawing, subject: Subject) -> tuple[TargetCheck, ...]:
    found = []
    for check in subject.table.checks:
        expression = translate_check(check.expression, subject.relation)
        if expression is None:
            drawing.tell(
                "check-not-translated",
                "warning",
                f"The check {check.name or ''} has no certain equal in PostgreSQL and is not made: "
                f"{shown(check.expression)}",
                "Add one that PostgreSQL takes after the cutover.",
                table=subject.table.name,
            )
            continue
        name = subject.constraints.take(folded(check.name or "", drawing.naming) or f"{subject.name}_check")
        found.append(TargetCheck(name=name, expression=expression))
    return tuple(found)


def _views(
    drawing: Drawing, views: list[OtherObject], names: dict[str, str], subjects: dict[str, Subject]
) -> tuple[TargetView, ...]:
    """The views in an order in which each finds those that it reads."""
    relations = {name: subject.relation for name, subject in subjects.items()}
    drawn: list[TargetView] = []
    waiting = views
    while waiting:
        again = []
        for view in waiting:
            query = translate_view(view.sql, relations, lambda name: folded(name, drawing.naming))
            if query is None:
                again.append(view)
                continue
            name = names[view.name]
            relations[view.name.lower()] = Relation(name=name, columns=query.columns)
            drawn.append(TargetView(name=name, sql=query.sql))
        if len(again) == len(waiting):
            break
        waiting = again
    for view in waiting:
        drawing.tell(
            "view-not-translated",
            "warning",
            f"The view {view.name!r} has no certain equal in PostgreSQL and is not made: {shown(view.sql)}",
            "Rewrite it for PostgreSQL and create it after the cutover.",
            table=view.name,
        )
    return tuple(drawn)
