"""The connection over the files of cleaning: what it does when the environment fails."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sdmigrate.model.errors import Interrupted
from sdmigrate.sqlite.workbench import telling_full_disk


def test_a_full_disk_is_told_with_what_to_do(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "full.sqlite", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE t(a)")
        connection.execute("PRAGMA max_page_count=2")
        with (
            pytest.raises(Interrupted, match="disk is full") as caught,
            telling_full_disk(tmp_path / "full.sqlite"),
        ):
            connection.execute("INSERT INTO t VALUES (zeroblob(100000))")
    assert "resume" in caught.value.hint


def test_other_errors_pass(tmp_path: Path) -> None:
    with (
        closing(sqlite3.connect(tmp_path / "other.sqlite")) as connection,
        pytest.raises(sqlite3.OperationalError, match="no such table"),
        telling_full_disk(tmp_path / "other.sqlite"),
    ):
        connection.execute("SELECT * FROM t")
