"""A run with rows in quarantine to be repaired and replayed, and what is asked of it."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sdmigrate.model.approval import approve
from sdmigrate.model.replay import Replay
from sdmigrate.model.result import Cleaned, Release, TableLedger, Verification
from sdmigrate.model.settings import Endpoint, Request
from sdmigrate.model.source import Snapshot
from sdmigrate.model.values import Value
from sdmigrate.pipeline.messages import Begin
from sdmigrate.pipeline.run import Run, opened_run
from sdmigrate.runtime.cancel import CancelToken
from sdmigrate.sqlite.quarantine import QuarantinedRow, open_quarantine, read_reasons
from sdmigrate.sqlite.repaired_rows import editing_quarantine, repair_row
from tests.sqlite.way_back import require_way_back
from tests.stages.by_hand import ask

PLAN = """
version = 1
accept_quarantine = { parent = 5, child = 5 }

[tables.parent.columns]
count = { type = "bigint" }
due = { type = "timestamp" }

[tables.child.columns]
count = { type = "bigint" }
"""


class Desk:
    """A small source whose rows 3, 4 and 5 are in quarantine, and its run on a server."""

    def __init__(self, directory: Path, endpoint: Endpoint, schema: str, orphans: str = "keep") -> None:
        self.directory, self.endpoint, self.schema = directory, endpoint, schema
        self.source, plan = directory / "desk.sqlite", directory / "plan.toml"
        plan.write_text(f'{PLAN}\n[tables.child]\norphans = "{orphans}"\n', encoding="utf-8")
        with closing(sqlite3.connect(self.source)) as connection, connection:
            connection.execute(
                "CREATE TABLE parent(id INTEGER PRIMARY KEY, name TEXT NOT NULL, due TIMESTAMP,"
                " count INTEGER, twice INTEGER GENERATED ALWAYS AS (id * 2) STORED, picture BLOB)"
            )
            connection.execute(
                "CREATE TABLE child(id INTEGER PRIMARY KEY, parent REFERENCES parent(id), count INTEGER)"
            )
            connection.executemany(
                "INSERT INTO parent(id, name, due, count, picture) VALUES (?, ?, ?, ?, x'00ff')",
                [
                    (1, "one", "2025-05-20 10:00:00", 1),
                    (2, "two", "20/05/2025 11:30", 2),
                    (3, "three", "2025-05-22 10:00:00", "many"),
                    (4, "four", "2024-02-30", 4),
                    (5, "five", "23/05/2025 09:00", "few"),
                ],
            )
            connection.executemany(
                "INSERT INTO child VALUES (?, ?, ?)", [(1, 1, 1), (2, 3, 2), (3, 3, 3), (4, 5, "none")]
            )
        self.request = Request(
            mode="migrate",
            source=str(self.source),
            target=endpoint.conninfo,
            schema=schema,
            plan_path=str(plan),
            gates={"breaker": "warn", "quality": "warn"},
        )
        self.run_directory: Path | None = None

    @contextmanager
    def run(self) -> Iterator[Run]:
        """The run, begun by the first call and taken up by the others."""
        begin = Begin(
            request=self.request,
            work_directory=str(self.directory / "work"),
            conninfo=self.endpoint.conninfo,
            resume=None if self.run_directory is None else str(self.run_directory),
        )
        with opened_run(begin, CancelToken()) as opened:
            self.run_directory = opened.directory.path
            yield opened

    def advance(self, following: str) -> None:
        """Run the stages before that one."""
        with self.run() as opened:
            while opened.journey.following not in (None, following):
                opened.journey.advance()

    def migrate(self, *, live: bool) -> None:
        self.advance("cutover")
        with self.run() as opened:
            if live:
                opened.journey.cut_over(approve(self.schema, self.schema))

    def edit(self, table: str, rowid: int, values: Mapping[str, Value], *, as_is: bool = False) -> bool:
        assert self.run_directory is not None
        with editing_quarantine(self.run_directory / "quarantine.sqlite") as quarantine:
            return repair_row(quarantine, table, rowid, values, as_is=as_is)

    def replay(self) -> Replay:
        with self.run() as opened:
            return opened.journey.replay()

    def reasons(self) -> list[QuarantinedRow]:
        assert self.run_directory is not None
        with closing(open_quarantine(self.run_directory / "quarantine.sqlite")) as quarantine:
            return list(read_reasons(quarantine))

    def places(self) -> list[tuple[str, int]]:
        return sorted((reason.table, reason.rowid) for reason in self.reasons())

    def require_proven(self) -> None:
        """Ledgers balance, the verification passed, and the snapshot comes back."""
        with self.run() as opened:
            cleaned = opened.journey.result("clean", Cleaned)
            snapshot = opened.journey.result("backup", Snapshot)
            assert opened.journey.result("verify", Verification).passed
            release = opened.journey.result("load", Release)
        assert all(ledger.balances for ledger in cleaned.ledgers)
        assert release.rows == {ledger.table: ledger.loaded for ledger in cleaned.ledgers}
        require_way_back(snapshot, cleaned, self.directory / "undone.sqlite")

    def ledger(self, table: str) -> TableLedger:
        with self.run() as opened:
            return opened.journey.result("clean", Cleaned).ledger(table)


def tables_of(desk: Desk) -> str:
    """The schema in which the release's tables are."""
    found = ask(
        desk.endpoint, "SELECT nspname FROM pg_namespace WHERE nspname ~ %s", f"^{desk.schema}(__r|$)"
    )
    assert len(found) == 1
    return str(found[0][0])


def rows(desk: Desk, table: str) -> list[tuple[Any, ...]]:
    columns = "id, name, due::text, count, twice" if table == "parent" else "id, parent, count"
    return ask(desk.endpoint, f'SELECT {columns} FROM "{tables_of(desk)}".{table} ORDER BY id')


def repair_all_parents(desk: Desk) -> None:
    desk.edit("parent", 3, {"count": "30"})
    desk.edit("parent", 4, {"due": "2024-02-29 08:00:00"})
    desk.edit("parent", 5, {"count": 50})


def repair_all(desk: Desk) -> None:
    repair_all_parents(desk)
    desk.edit("child", 4, {"count": None})


def not_valid(desk: Desk) -> list[str]:
    found = ask(
        desk.endpoint,
        "SELECT conname FROM pg_constraint JOIN pg_namespace ON pg_namespace.oid = connamespace"
        " WHERE NOT convalidated AND nspname = %s",
        tables_of(desk),
    )
    return [str(name) for (name,) in found]


class Killed(BaseException):
    """The process was killed here."""
