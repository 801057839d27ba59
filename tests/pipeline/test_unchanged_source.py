"""A source that was written to behind its snapshot: what was loaded from it is not made live."""

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from sdmigrate.model.approval import approve
from sdmigrate.model.errors import UnsafeToContinue
from sdmigrate.model.settings import Endpoint, Request
from sdmigrate.pipeline.messages import Begin
from sdmigrate.pipeline.run import opened_run
from sdmigrate.runtime.cancel import CancelToken


def test_it_is_not_made_live(postgres: Endpoint, schema_name: str, tmp_path: Path) -> None:
    source, target = tmp_path / "source.sqlite", postgres.conninfo
    with closing(sqlite3.connect(source, isolation_level=None)) as application:
        application.execute("PRAGMA journal_mode=WAL")
        application.execute("CREATE TABLE p44(id INTEGER PRIMARY KEY, v TEXT)")
        application.execute("INSERT INTO p44 VALUES (1, 'in the wal')")
        request = Request(mode="migrate", source=str(source), target=target, schema=schema_name)
        begin = Begin(request=request, work_directory=str(tmp_path / "work"), conninfo=target)
        with opened_run(begin, CancelToken()) as run:
            while run.journey.following != "cutover":
                run.journey.advance()
            application.execute("INSERT INTO p44 VALUES (2, 'after the snapshot')")
            with pytest.raises(UnsafeToContinue, match="changed since its snapshot was taken"):
                run.journey.cut_over(approve(schema_name, schema_name))
    with psycopg.connect(target) as connection:
        named = "SELECT count(*) FROM pg_namespace WHERE nspname = %s"
        assert connection.execute(named, (schema_name,)).fetchone() == (0,)
