"""The demo database: its shape, its defects, and that its manifest tells the truth."""

import sqlite3
import stat
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from sdmigrate.demo.calendar import REFERENCE_DATE
from sdmigrate.demo.columns import COLUMNS, declared_type, shared_out
from sdmigrate.demo.database import write_demo
from sdmigrate.demo.defects import KINDS, LABEL_FINDING
from sdmigrate.demo.manifest import Manifest, Planted, manifest_path, read_manifest
from sdmigrate.model.errors import Interrupted, UsageProblem
from sdmigrate.model.finding_codes import FINDING_CODES
from sdmigrate.model.plan import ColumnPlan
from sdmigrate.rules.conversion import Changed, Misfit, convert
from sdmigrate.sqlite.connection import open_read_only, quote_identifier
from sdmigrate.sqlite.exact_values import exact

ROWS = 6_000


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "desk.sqlite"
    write_demo(path, rows=ROWS, seed=7)
    return path


def rows_of(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(open_read_only(path)) as connection:
        return connection.execute(sql).fetchall()


def found(path: Path, entry: Planted) -> object:
    column, table = quote_identifier(entry.column), quote_identifier(entry.table)
    [(value,)] = rows_of(path, f"SELECT {column} FROM {table} WHERE rowid = {entry.rowid}")
    assert value is None or isinstance(value, int | float | str | bytes)
    told = exact(value)
    return told if "hex" in told else value


def test_a_full_export_has_the_real_proportions() -> None:
    assert shared_out(260_130) == {"tickets": 10_939, "comments": 108_129, "timesheets": 141_062}
    assert shared_out(26_000) == {"tickets": 1_093, "comments": 10_807, "timesheets": 14_100}


@pytest.mark.parametrize("rows", [100, 101, 950, 2_000])
def test_every_size_holds_exactly_its_rows(tmp_path: Path, rows: int) -> None:
    manifest = write_demo(tmp_path / "small.sqlite", rows=rows)
    counts = {
        table: rows_of(tmp_path / "small.sqlite", f"SELECT count(*) FROM {table}")[0][0] for table in COLUMNS
    }
    assert counts == dict(shared_out(rows))
    assert len(manifest.planted) > 10


def test_columns_and_declared_types_are_the_exports_and_no_key_is_declared(demo: Path) -> None:
    for table, columns in COLUMNS.items():
        info = rows_of(demo, f"PRAGMA table_info({table})")
        assert [(name, kind) for _, name, kind, *_ in info] == [
            (name, declared_type(name)) for name in columns
        ]
        assert all(not_null == 0 and key == 0 for *_, not_null, _, key in info)
    assert {table: len(columns) for table, columns in COLUMNS.items()} == {
        "tickets": 60,
        "comments": 10,
        "timesheets": 21,
    }
    assert rows_of(demo, "SELECT count(*) FROM sqlite_schema WHERE type <> 'table'") == [(0,)]


def test_the_manifest_tells_what_is_in_the_file(demo: Path) -> None:
    manifest = read_manifest(demo)
    for entry in manifest.planted:
        assert found(demo, entry) == entry.before, entry
    spots = {(entry.table, entry.rowid, entry.column) for entry in manifest.planted}
    assert len(spots) == len(manifest.planted)


def test_every_kind_of_defect_is_there(demo: Path) -> None:
    kinds = read_manifest(demo).kinds()
    assert kinds["day-first-date"] + kinds["ambiguous-date"] == 9
    assert set(kinds) == {
        "text-in-timestamp",
        "day-first-date",
        "ambiguous-date",
        "impossible-date",
        "zero-date",
        "impossible-day-first-date",
        "empty-date",
        "empty-date-for-null",
        "empty-number",
        "empty-number-for-null",
        "number-with-text",
        "duplicate-id",
        "orphan",
        "nul-byte",
        "invalid-utf8",
        "blob-in-text",
    }


def test_every_finding_expected_is_a_known_one() -> None:
    codes = {LABEL_FINDING, *(kind.finding for kind in KINDS.values())}
    assert codes <= set(FINDING_CODES)


def test_a_date_written_day_first_is_to_become_iso(demo: Path) -> None:
    for entry in read_manifest(demo).planted:
        if entry.kind in ("day-first-date", "ambiguous-date"):
            assert isinstance(entry.before, str)
            read = datetime.strptime(entry.before, "%d/%m/%Y %H:%M")  # noqa: DTZ007
            assert entry.expected.value == read.isoformat(" ")
            assert (read.day > 12) == (entry.kind == "day-first-date")


def test_nothing_is_wrong_that_the_manifest_does_not_know(demo: Path) -> None:
    manifest = read_manifest(demo)

    def planted(column: str, *kinds: str) -> int:
        return sum(entry.column == column and entry.kind in kinds for entry in manifest.planted)

    def number(sql: str) -> object:
        return rows_of(demo, sql)[0][0]

    for table, columns in COLUMNS.items():
        for name in columns:
            column = quote_identifier(name)
            empties = number(f"SELECT count(*) FROM {table} WHERE {column} = ''")
            assert empties == sum(entry.column == name and entry.before == "" for entry in manifest.planted)
            blobs = number(f"SELECT count(*) FROM {table} WHERE typeof({column}) = 'blob'")
            assert blobs == planted(name, "blob-in-text")
    repeated = 'SELECT count("TKT-Ticket ID") - count(DISTINCT "TKT-Ticket ID") FROM tickets'
    assert number(repeated) == planted("TKT-Ticket ID", "duplicate-id")
    orphans = 'SELECT count(*) FROM comments WHERE "CT-TKT-ID" NOT IN (SELECT "TKT-Ticket ID" FROM tickets)'
    assert number(orphans) == planted("CT-TKT-ID", "orphan")
    words = "SELECT count(*) FROM timesheets WHERE typeof(\"TS-Hours\") = 'text' AND \"TS-Hours\" <> ''"
    assert number(words) == planted("TS-Hours", "number-with-text")
    hours = "SELECT count(*) FROM timesheets WHERE typeof(\"TS-Hours\") = 'real'"
    outside = f'{hours} AND "TS-Hours" NOT BETWEEN 0 AND 24'
    assert number(outside) == 0
    written = '"CT-DATEAMDTIME"'
    late = f"SELECT count(*) FROM comments WHERE date({written}) > '{REFERENCE_DATE}'"
    assert number(late) == 0


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("rows", [2_000, 20_000])
def test_defects_stay_below_the_gates(tmp_path: Path, rows: int, seed: int) -> None:
    manifest = write_demo(tmp_path / "desk.sqlite", rows=rows, seed=seed)
    for table, count in shared_out(rows).items():
        entries = manifest.of_table(table)
        fatal = sum(entry.expected.outcome == "quarantine" for entry in entries)
        assert fatal <= 0.01 * count
        for column in COLUMNS[table]:
            spoilt = sum(entry.column == column for entry in entries if "date" in entry.kind)
            assert spoilt < 0.20 * count


TYPES = {
    "TKT-Closure Date": "timestamp",
    "TKT-Actual Response Date": "timestamp",
    "TKT-Parent ID": "bigint",
    "TKT-Account Id": "bigint",
}
BY_DECLARATION = {"INTEGER": "bigint", "REAL": "double precision", "TIMESTAMP": "timestamp", "TEXT": "text"}


def test_conversion_ends_each_defect_as_the_manifest_expects(demo: Path) -> None:
    for entry in read_manifest(demo).planted:
        kind = TYPES.get(entry.column, BY_DECLARATION[declared_type(entry.column)])
        plan = ColumnPlan(source="s", target="t", type=kind, day_first=True, empty="null")
        [(value,)] = rows_of(
            demo,
            f"SELECT {quote_identifier(entry.column)} FROM {entry.table} WHERE rowid = {entry.rowid}",
        )
        assert isinstance(value, str | bytes | int)
        match convert(value, plan):
            case Misfit(code=code):
                assert (entry.expected.outcome, entry.expected.finding) == ("quarantine", code), entry
            case Changed(after=after):
                assert (entry.expected.outcome, entry.expected.value) == ("value", after), entry
            case _:
                assert (entry.expected.outcome, entry.expected.value) == ("finding", str(value)), entry


def test_timesheets_seldom_name_a_ticket(demo: Path) -> None:
    ids = 'SELECT CAST("TKT-Ticket ID" AS TEXT) FROM tickets'
    [(pointing, count)] = rows_of(demo, f'SELECT sum("TS-Crm ID" IN ({ids})), count(*) FROM timesheets')
    assert isinstance(pointing, int)
    assert isinstance(count, int)
    assert 0.05 < pointing / count < 0.15


def test_equal_seeds_give_equal_files(tmp_path: Path) -> None:
    def written(name: str, seed: int) -> tuple[list[str], Manifest]:
        manifest = write_demo(tmp_path / name, rows=500, seed=seed)
        with closing(open_read_only(tmp_path / name)) as connection:
            rows = [
                repr(row) for table in COLUMNS for row in connection.execute(f"SELECT rowid, * FROM {table}")
            ]
        return rows, manifest

    assert written("a.sqlite", 3) == written("b.sqlite", 3)
    assert written("c.sqlite", 4) != written("a2.sqlite", 3)


def test_an_existing_file_is_left_alone_unless_told(tmp_path: Path) -> None:
    path = tmp_path / "mine.sqlite"
    path.write_bytes(b"precious")
    with pytest.raises(UsageProblem):
        write_demo(path, rows=100)
    assert path.read_bytes() == b"precious"
    write_demo(path, rows=100, overwrite=True)
    assert rows_of(path, "SELECT count(*) FROM tickets") == [(4,)]
    path.unlink()
    with pytest.raises(UsageProblem, match=r"manifest\.json is there"):
        write_demo(path, rows=100)


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(Interrupted, match="No space left"):
        write_demo(tmp_path / "desk.sqlite", rows=6_000, advance=stop)
    assert list(tmp_path.iterdir()) == []


def test_too_few_rows_and_a_missing_directory_are_explained(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="too small"):
        write_demo(tmp_path / "desk.sqlite", rows=99)
    with pytest.raises(UsageProblem, match="no directory"):
        write_demo(tmp_path / "nowhere" / "desk.sqlite", rows=100)


def test_files_are_private_and_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    path = tmp_path / "desk.sqlite"
    write_demo(path, rows=12_000, advance=lambda done, total: told.append((done, total)))
    assert told == [(5_000, 12_000), (10_000, 12_000), (12_000, 12_000)]
    for file in (path, manifest_path(path)):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_it_has_the_real_size(tmp_path: Path) -> None:
    write_demo(tmp_path / "desk.sqlite", rows=26_000)
    assert 440 < (tmp_path / "desk.sqlite").stat().st_size / 26_000 < 490


def test_the_file_is_sound_for_sqlite(demo: Path) -> None:
    with closing(sqlite3.connect(demo)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
