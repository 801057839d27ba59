"""The repairs of one column: each distinct value judged once in Python, the rows changed by SQL.

Invariant: a value before reaches the audit trail by SQL, with its class and bytes; rows that need no repair
are not touched. Memory does not grow with the number of distinct values.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sdmigrate.model.catalog import Table
from sdmigrate.model.errors import Refused
from sdmigrate.model.plan import ColumnPlan
from sdmigrate.model.values import Value
from sdmigrate.rules.outcome import Changed, Misfit
from sdmigrate.rules.repair import repair
from sdmigrate.sqlite.audit import add_rule
from sdmigrate.sqlite.connection import quote_identifier
from sdmigrate.sqlite.quarantine import value_hex
from sdmigrate.sqlite.row_order import locator
from sdmigrate.sqlite.workbench import BATCH_ROWS, Workbench, exact_class

_BATCH_BYTES = 4 * 1024**2


@dataclass
class _Batch:
    """Repairs of one column on their way into the files."""

    bench: Workbench
    table: Table
    column: ColumnPlan
    mapping: int
    """The id of the next one."""
    rules: dict[str, int] = field(default_factory=dict)
    """Of the audit trail, by name."""
    mappings: list[tuple[int, int, Value, int]] = field(default_factory=list)
    """Mapping id, rule id, value after, id of the value before."""
    repairs: list[tuple[int | None, str | None, str | None, int]] = field(default_factory=list)
    """Mapping id, or finding and reason; id of the value before."""
    size: int = 0
    """Bytes, roughly."""

    @property
    def full(self) -> bool:
        """Whether it is time to write it out."""
        return len(self.repairs) >= BATCH_ROWS or self.size >= _BATCH_BYTES

    def judge(self, candidate: int, value: Value) -> bool:
        """Take in what becomes of a value; whether that is a repair.

        Raises:
            Refused: the plan says that it fails the run.
        """
        try:
            outcome = repair(value, self.column)
        except Refused as refused:
            raise Refused(f"Table {self.table.name!r}: {refused.message}", refused.hint) from None
        match outcome:
            case Changed(after=after, rule=rule):
                if rule not in self.rules:
                    self.rules[rule] = add_rule(self.bench, self.table, self.column.source, rule)
                self.mappings.append((self.mapping, self.rules[rule], after, candidate))
                self.repairs.append((self.mapping, None, None, candidate))
                self.size += len(after) if isinstance(after, str | bytes) else 8
                self.mapping += 1
            case Misfit(reason=reason, code=code):
                self.repairs.append((None, code, reason, candidate))
            case _:
                return False
        return True

    def write(self) -> None:
        """Write it out and empty it."""
        connection = self.bench.connection
        connection.executemany(
            "INSERT INTO audit.mappings SELECT ?, ?, before, ? FROM temp.candidate WHERE id = ?",
            self.mappings,
        )
        self.mappings.clear()
        connection.executemany(
            "INSERT INTO temp.repair SELECT class, before, ?, ?, ? FROM temp.candidate WHERE id = ?",
            self.repairs,
        )
        self.repairs.clear()
        self.size = 0


def next_mapping(bench: Workbench) -> int:
    """The id that the next mapping of the audit trail gets."""
    return bench.scalar("SELECT max(id) FROM audit.mappings") + 1


def repair_column(bench: Workbench, table: Table, column: ColumnPlan, pending: Iterable[int]) -> int:
    """Repair one column of cleaned; how many values were changed.

    Rows with a value that the plan quarantines are listed in ``temp.gone``, with their reasons, and stay
    unchanged in this column.

    Args:
        bench: the open files.
        table: already copied.
        column: its plan.
        pending: the locators of the rows whose value may need a repair.

    Raises:
        Refused: the plan says that a value found here fails the run.
    """
    _list_pending(bench, pending)
    if not bench.scalar("SELECT EXISTS (SELECT 1 FROM temp.pending)"):
        return 0
    _collect_candidates(bench, table, column)
    if not _judge(bench, table, column):
        return 0
    bench.connection.execute("CREATE INDEX temp.repair_of_value ON repair(before, class)")
    _list_misfits(bench, table, column)
    return _apply(bench, table, column)


def _list_pending(bench: Workbench, pending: Iterable[int]) -> None:
    bench.connection.execute("DROP TABLE IF EXISTS temp.pending")
    bench.connection.execute("CREATE TEMP TABLE pending(locator INTEGER PRIMARY KEY)")
    bench.connection.executemany("INSERT OR IGNORE INTO temp.pending VALUES (?)", zip(pending))


def _collect_candidates(bench: Workbench, table: Table, column: ColumnPlan) -> None:
    execute = bench.connection.execute
    execute("DROP TABLE IF EXISTS temp.candidate")
    execute("DROP TABLE IF EXISTS temp.repair")
    execute("CREATE TEMP TABLE candidate(id INTEGER PRIMARY KEY, class TEXT, before)")
    execute("CREATE TEMP TABLE repair(class TEXT, before, mapping_id INTEGER, finding TEXT, reason TEXT)")
    execute(
        "INSERT INTO temp.candidate(class, before)"
        f" SELECT DISTINCT class, value FROM {_pending_cells(table, column)}"
    )


def _pending_cells(table: Table, column: ColumnPlan) -> str:
    quoted = f"stands.{quote_identifier(column.source)}"
    return (
        f"(SELECT pending.locator AS locator, {quoted} AS value, {exact_class(quoted)} AS class"
        f" FROM temp.pending AS pending CROSS JOIN main.{quote_identifier(table.name)} AS stands"
        f" ON stands.{locator(table)} = pending.locator) AS cell"
    )


def _judge(bench: Workbench, table: Table, column: ColumnPlan) -> int:
    """Fill ``temp.repair`` and the audit trail's mappings; how many values need a repair."""
    batch, found = _Batch(bench, table, column, next_mapping(bench)), 0
    for candidate, value in bench.connection.execute("SELECT id, before FROM temp.candidate"):
        found += batch.judge(candidate, value)
        # A long one is not held a second time while it is written.
        del value
        if batch.full:
            batch.write()
    batch.write()
    return found


def _matched(table: Table, column: ColumnPlan) -> str:
    # CROSS JOIN keeps the order: each pending row looks its value up.
    return (
        f"FROM {_pending_cells(table, column)}"
        " CROSS JOIN temp.repair AS repair ON repair.before IS cell.value AND repair.class = cell.class"
    )


def _list_misfits(bench: Workbench, table: Table, column: ColumnPlan) -> None:
    if not bench.scalar("SELECT EXISTS (SELECT 1 FROM temp.repair WHERE finding IS NOT NULL)"):
        return
    first = bench.scalar("SELECT max(_rowid_) FROM quarantine._rows")
    bench.connection.execute(
        'INSERT INTO quarantine._rows("table", rowid, finding, "column", reason, value_hex)'
        " SELECT ?, cell.locator, repair.finding, ?, repair.reason,"
        f" {value_hex('cell.value')}"
        f" {_matched(table, column)} WHERE repair.finding IS NOT NULL",
        (table.name, column.source),
    )
    bench.connection.execute(
        "INSERT OR IGNORE INTO temp.gone SELECT rowid FROM quarantine._rows WHERE _rowid_ > ?", (first,)
    )


def _apply(bench: Workbench, table: Table, column: ColumnPlan) -> int:
    last = bench.scalar("SELECT max(_rowid_) FROM audit.changes")
    changed = bench.connection.execute(
        "INSERT INTO audit.changes SELECT repair.mapping_id, cell.locator"
        f" {_matched(table, column)} WHERE repair.mapping_id IS NOT NULL"
    ).rowcount
    if changed:
        bench.connection.execute(
            f"UPDATE main.{quote_identifier(table.name)} AS target"
            f" SET {quote_identifier(column.source)} = made.after"
            " FROM (SELECT change.rowid AS locator, mapping.after AS after FROM audit.changes AS change"
            " JOIN audit.mappings AS mapping ON mapping.id = change.mapping_id"
            " WHERE change._rowid_ > ?) AS made"
            f" WHERE target.{locator(table)} = made.locator",
            (last,),
        )
    return changed
