"""Releases from outside: loaded, made live, gone back from, pruned, and what is asked for on the way."""

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from sdmigrate.model.settings import Endpoint
from sdmigrate.model.source import Snapshot, Source
from sdmigrate.pipeline.results import read_result
from tests.cli.calling import Called, call

LOADED = 120


class Target:
    """One schema of the server, and the commands on it."""

    def __init__(self, postgres: Endpoint, schema: str, work: Path) -> None:
        self.conninfo = postgres.conninfo
        self.schema = schema
        self._common = ("--target", postgres.conninfo, "--schema", schema, "--work-dir", work)

    def call(self, *arguments: "str | Path") -> Called:
        return call(*arguments, *self._common, "--json")

    def text(self, *arguments: str) -> str:
        return call(*arguments, *self._common).out

    def confirmed(self, *arguments: "str | Path") -> Called:
        return self.call(*arguments, "--confirm", self.schema)

    def load(self, shop: Path) -> str:
        loaded = self.call("migrate", shop, "--no-cutover")
        assert (loaded.code, loaded.last["outcome"]) == (0, "loaded"), loaded.err
        release = loaded.last["release"]
        assert isinstance(release, str)
        return release

    def rows(self) -> int | None:
        """Rows of live; None where there is no live schema."""
        with psycopg.connect(self.conninfo) as connection:
            if connection.execute("SELECT to_regnamespace(%s)", (self.schema,)).fetchone() == (None,):
                return None
            counts = [
                connection.execute(
                    sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(self.schema, table))
                ).fetchone()
                for table in ("buyers", "orders")
            ]
            return sum(int(count[0]) for count in counts if count is not None)

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            connection.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(self.schema)))
            connection.execute(statement.encode())


@pytest.fixture
def target(postgres: Endpoint, schema_name: str, work: Path) -> Target:
    return Target(postgres, schema_name, work)


def test_two_releases_there_and_back(target: Target, shop: Path) -> None:
    first, second = target.load(shop), target.load(shop)
    assert target.rows() is None
    asked = target.call("cutover")
    assert (asked.code, asked.last["outcome"]) == (4, "refused")
    assert target.rows() is None

    unknown = target.confirmed("cutover", "--release", "nope")
    assert (unknown.code, unknown.last["outcome"]) == (2, "failed")
    done = target.confirmed("cutover", "--release", first)
    assert (done.code, done.last["outcome"]) == (0, "released")
    assert (done.last["schema"], done.last["release"], done.last["previous"]) == (target.schema, first, None)
    assert target.rows() == LOADED

    done = target.confirmed("cutover")
    assert (done.last["release"], done.last["previous"]) == (second, first)
    assert f"{second}  live" in target.text("releases", "list")
    listed = target.call("releases", "list")
    entries = [(event["release"], event["state"], event["rows"]) for event in listed.events[:-1]]
    assert entries == [(first, "kept", LOADED), (second, "live", LOADED)]
    assert [event["previous"] for event in listed.events[:-1]] == [None, first]
    assert listed.last["schema"] == target.schema

    unknown = target.confirmed("rollback", "--to", "nope")
    assert (unknown.code, unknown.last["outcome"]) == (2, "failed")
    back = target.confirmed("rollback")
    assert (back.code, back.last["outcome"], back.last["release"]) == (0, "rolled_back", first)
    forward = target.confirmed("rollback", "--to", second)
    assert (forward.code, forward.last["release"]) == (0, second)

    pruned = target.call("releases", "prune", "--keep", "0")
    assert [(event["release"], event["state"]) for event in pruned.events[:-1]] == [(first, "dropped")]
    assert target.text("releases", "prune", "--keep", "0") == ""
    assert target.rows() == LOADED
    gone = target.confirmed("rollback", "--to", first)
    assert gone.code == 2


def test_what_was_never_live_is_dropped_only_when_told(target: Target, shop: Path) -> None:
    first, second = target.load(shop), target.load(shop)
    assert target.confirmed("cutover", "--release", first).code == 0
    left = target.call("releases", "prune", "--keep", "0")
    assert (len(left.events), f"never live, and left: {second}" in left.err) == (1, True)
    dropped = target.call("releases", "prune", "--never-live")
    assert [(event["release"], event["state"]) for event in dropped.events[:-1]] == [(second, "dropped")]
    listed = target.call("releases", "list").events[:-1]
    assert [(event["release"], event["state"]) for event in listed] == [(first, "live")]
    assert target.rows() == LOADED


def test_a_run_that_is_live_is_resumed_without_a_question(target: Target, shop: Path, work: Path) -> None:
    done = target.confirmed("migrate", shop)
    assert (done.code, done.last["outcome"]) == (0, "released")
    again = call("resume", str(done.last["run"]), "--work-dir", work, "--json")
    assert (again.code, again.last["outcome"], again.last["release"]) == (
        0,
        "released",
        done.last["release"],
    ), again.err


def test_rows_written_into_live_are_asked_for(target: Target, shop: Path) -> None:
    target.load(shop)
    assert target.confirmed("cutover").code == 0
    target.load(shop)
    target.execute("DELETE FROM orders")
    written = target.rows()
    for way in ("cutover", "rollback"):
        refused = target.confirmed(way)
        assert (refused.code, refused.last["outcome"]) == (4, "refused")
        assert "orders" in refused.err
        assert target.rows() == written
    done = target.confirmed("cutover", "--discard-live-writes")
    assert (done.code, target.rows()) == (0, LOADED)
    left = {(finding["code"], finding["table"]) for finding in done.last["findings"]}
    assert left == {("live-writes-left", "orders")}
    assert "warning live-writes-left: Written into live since its publication" in done.err


def test_rows_written_into_live_are_exported_before_and_after_a_rollback(
    target: Target, shop: Path, tmp_path: Path
) -> None:
    release = target.load(shop)
    assert target.confirmed("cutover").code == 0
    first, second = tmp_path / "first.sqlite", tmp_path / "second.sqlite"
    none = target.call("releases", "export", "--output", first)
    assert (none.code, none.events[0]["count"]) == (0, 0)
    assert target.call("releases", "export", "--output", first).code == 2
    target.execute(
        "INSERT INTO orders(id, buyer, price) VALUES (500, 1, 'NaN'), (501, 2, 0.1);"
        "UPDATE orders SET price = 9.75 WHERE id = 7; DELETE FROM orders WHERE id = 8;"
        'CREATE TABLE "new"("A" numeric, "a" bytea, at timestamptz, ok boolean);'
        "INSERT INTO \"new\" VALUES (1.50, '\\x00ff', '2025-05-20 10:00+00', true), (NULL, NULL, NULL, false)"
    )
    target.execute("VACUUM (FREEZE) orders")
    assert "orders: 3 rows; 2 published ones are gone or changed" in target.text(
        "releases", "export", "--output", str(second)
    )
    rows = [(500, 1, "NaN"), (501, 2, 0.1), (7, 8, 9.75)]
    new = [("1.50", b"\x00\xff", "2025-05-20 10:00:00+00", 1), (None, None, None, 0)]
    assert exported(second) == {"orders": rows, "new": new}
    assert target.confirmed("rollback", "--discard-live-writes").code == 0
    third = tmp_path / "third.sqlite"
    assert target.call("releases", "export", "--output", third).code == 2
    kept = target.call("releases", "export", "--output", third, "--release", release)
    assert (kept.code, kept.events[0]["count"], kept.events[0]["path"]) == (0, 5, str(third))
    assert exported(third) == exported(second)


def exported(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Each table's rows, in whatever order the server gave them."""
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
        return {
            name: sorted(connection.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr)
            for (name,) in tables
        }


def test_a_run_begun_without_a_target_checks_it_and_dumps_live_once_it_has_one(
    target: Target, shop: Path, work: Path
) -> None:
    target.load(shop)
    assert target.confirmed("cutover").code == 0
    cleaned = call("clean", shop, "--work-dir", work, "--json").last
    directory = Path(cleaned["run_dir"])
    assert not (directory / "live.dump").exists()
    loaded = target.call("load", "--run", str(cleaned["run"]))
    assert loaded.code == 0, loaded.err
    snapshot, source = read_result(directory, "backup"), read_result(directory, "preflight")
    assert isinstance(snapshot, Snapshot)
    assert isinstance(source, Source)
    assert source.target is not None
    assert source.target.live_is_ours
    assert [check.name for check in source.checks][-2:] == ["target", "live schema"]
    assert snapshot.dump_path is not None
    assert Path(snapshot.dump_path).stat().st_size > 0
    assert target.rows() == LOADED


def test_a_schema_of_somebody_else_is_adopted_only_when_told(target: Target, shop: Path) -> None:
    target.execute(f'CREATE SCHEMA "{target.schema}"')
    target.execute("CREATE TABLE theirs(id int)")
    target.load(shop)
    refused = target.confirmed("cutover")
    assert refused.code == 4
    assert "--adopt" in refused.err
    assert target.confirmed("cutover", "--adopt").code == 0
    assert target.rows() == LOADED
    assert target.confirmed("rollback").last["release"] == f"{target.schema}__r0"
    target.execute("INSERT INTO theirs VALUES (1)")


def test_nothing_to_go_back_from(target: Target) -> None:
    called = target.confirmed("rollback")
    assert (called.code, called.last["outcome"]) == (2, "failed")
    assert target.text("releases", "list") == ""
