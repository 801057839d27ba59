"""Foreign keys of the blueprint.

Invariant: every declared foreign key is drawn, or told with the reason why not, here or in the profile.
"""

from sdmigrate.model.blueprint import TargetForeignKey
from sdmigrate.model.catalog import ForeignKey
from sdmigrate.model.profile import ReferenceProfile
from sdmigrate.rules.blueprint_parts import Drawing, Subject
from sdmigrate.rules.type_families import can_reference

Referable = dict[str, set[frozenset[str]]]
"""Source table -> sets of target columns that are unique together."""


def referred_columns(subjects: dict[str, Subject]) -> dict[str, set[frozenset[str]]]:
    """Lower-case table name -> sets of source columns that foreign keys point at."""
    referred: dict[str, set[frozenset[str]]] = {}
    for subject in subjects.values():
        for key in subject.table.foreign_keys:
            referred.setdefault(key.parent_table.lower(), set()).add(frozenset(key.parent_columns))
    return referred


def draw_foreign_keys(
    drawing: Drawing, subject: Subject, subjects: dict[str, Subject], referable: Referable
) -> tuple[TargetForeignKey, ...]:
    """The foreign keys of one table. ``subjects`` are the included tables by lower-case source name."""
    drawn = []
    for key in subject.table.foreign_keys:
        parent = subjects.get(key.parent_table.lower())
        problem = _problem(subject, key, parent, referable)
        if parent is None or problem:
            if _told(subject, key):
                continue
            drawing.tell(
                "foreign-key-not-created",
                "warning",
                f"The foreign key ({', '.join(key.columns)}) to {key.parent_table} "
                f"({', '.join(key.parent_columns)}) is not made: {problem}.",
                "The rows are loaded all the same; mend the declaration or the plan to have it.",
                table=subject.table.name,
                column=key.columns[0] if len(key.columns) == 1 else None,
            )
            continue
        columns = subject.targets(key.columns)
        drawn.append(
            TargetForeignKey(
                name=subject.constraints.take(f"{subject.name}_{'_'.join(columns)}_fkey"),
                columns=columns,
                parent=parent.name,
                parent_columns=parent.targets(key.parent_columns),
                on_update=key.on_update,
                on_delete=key.on_delete,
                deferrable=key.deferrable,
                initially_deferred=key.initially_deferred,
                validate=_orphans(subject, key) == 0 or subject.plan.orphans != "keep",
            )
        )
    return tuple(drawn)


def _problem(subject: Subject, key: ForeignKey, parent: Subject | None, referable: Referable) -> str:
    """Why PostgreSQL would not take it; empty where it would."""
    if parent is None:
        return "the table it points at is not there, or is left out by the plan"
    if len(key.parent_columns) != len(key.columns) or not set(key.parent_columns) <= parent.columns.keys():
        return "the columns it points at are not there"
    targets = parent.targets(key.parent_columns)
    if frozenset(targets) not in referable[parent.table.name] or len(set(targets)) != len(targets):
        return "no key of that table makes the columns it points at unique"
    for child, column in zip(key.columns, key.parent_columns, strict=True):
        types = subject.planned(child).type, parent.planned(column).type
        if not can_reference(*types):
            return f"{child} is {types[0]} and {parent.table.name}.{column} is {types[1]}"
    return ""


def _orphans(subject: Subject, key: ForeignKey) -> int:
    return sum(reference.orphans for reference in _profiled(subject, key))


def _told(subject: Subject, key: ForeignKey) -> bool:
    """Whether the profile has said already that the declaration itself cannot hold."""
    return any(reference.problem is not None for reference in _profiled(subject, key))


def _profiled(subject: Subject, key: ForeignKey) -> list[ReferenceProfile]:
    return [
        reference
        for reference in subject.profile.references
        if reference.declared
        and reference.columns == key.columns
        and reference.parent_table.lower() == key.parent_table.lower()
    ]
