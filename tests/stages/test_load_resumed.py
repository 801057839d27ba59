"""A load stopped or killed on its way: it goes on behind the last part and ends with the same rows."""

import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sdmigrate.model.errors import Aborted
from sdmigrate.model.events import Advanced, Event
from sdmigrate.model.result import MustHold
from sdmigrate.model.settings import Endpoint
from sdmigrate.postgres import loading
from sdmigrate.postgres.bookkeeping import Bookkeeping
from sdmigrate.postgres.connect import connect
from sdmigrate.runtime.cancel import CancelToken
from sdmigrate.runtime.context import Context
from sdmigrate.stages import filling
from sdmigrate.stages.load import load
from sdmigrate.stages.verify import verify
from tests.conftest import MakeContext
from tests.stages.by_hand import ask, blueprint_of, cleaned_of, table_of, write_table


def smaller_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of 10,000 rows; the block that passes the limit still belongs to the part."""
    monkeypatch.setattr(filling, "Loader", partial(loading.Loader, part_rows=10_000))


class StopAt:
    """An EventSink that asks to stop once so many rows are done."""

    def __init__(self, token: CancelToken, rows: int) -> None:
        self.token, self.rows = token, rows

    def emit(self, event: Event) -> None:
        if isinstance(event, Advanced) and event.done >= self.rows:
            self.token.set()


@pytest.mark.parametrize("at", [5_000, 12_000])
def test_a_stopped_load_goes_on_behind_the_last_part(
    postgres: Endpoint,
    make_context: MakeContext,
    tmp_path: Path,
    schema_name: str,
    monkeypatch: pytest.MonkeyPatch,
    at: int,
) -> None:
    smaller_parts(monkeypatch)
    path = tmp_path / "c.sqlite"
    write_table(path, "t", ["n", "v"], ((n, f"v{n}") for n in range(20_000)))
    cleaned = cleaned_of(path, {"t": 20_000})
    blueprint = blueprint_of(table_of("t", {"n": "bigint", "v": "text"}))
    context = make_context(tmp_path, schema=schema_name)
    token = CancelToken()
    stopped = Context(
        request=context.request,
        directory=context.directory,
        cancel=token,
        events=StopAt(token, at),
        started=context.started,
    )
    with pytest.raises(Aborted):
        load(stopped, postgres, blueprint, cleaned)
    with connect(postgres, purpose="test") as connection:
        parts = Bookkeeping().finished_parts(connection, f"{schema_name}__r{context.stamp}")
    assert sum(part.rows for part in parts.values()) in range(at - 10_200, at)
    release = load(context, postgres, blueprint, cleaned)
    assert verify(context, postgres, release, cleaned, MustHold()).passed
    assert release.rows == {"t": 20_000}


KILLED = """
import sys
from functools import partial
from pathlib import Path
from sdmigrate.postgres import loading
from sdmigrate.stages import filling
from tests.stages.test_load_resumed import killed_load
filling.Loader = partial(loading.Loader, part_rows=2_000)
killed_load(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
"""


def killed_context(schema: str, tmp_path: Path) -> tuple[Context, Any, Any]:
    """What a child process and its parent both load."""
    from sdmigrate.model.settings import Request
    from sdmigrate.runtime.directory import RunDirectory
    from tests.conftest import RecordingSink

    context = Context(
        request=Request(mode="migrate", source="/none", target=None, schema=schema),
        directory=RunDirectory(tmp_path / "run"),
        cancel=CancelToken(),
        events=RecordingSink(),
        started=datetime(2026, 2, 3, tzinfo=UTC),
    )
    blueprint = blueprint_of(table_of("t", {"n": "bigint", "v": "text"}))
    return context, blueprint, cleaned_of(tmp_path / "c.sqlite", {"t": 60_000})


def killed_load(conninfo: str, schema: str, tmp_path: Path) -> None:
    context, blueprint, cleaned = killed_context(schema, tmp_path)
    sys.stdout.write("loading\n")
    sys.stdout.flush()
    load(context, Endpoint(conninfo=conninfo, described="test"), blueprint, cleaned)


def test_killed_anywhere_it_ends_with_the_same_rows(
    postgres: Endpoint, tmp_path: Path, schema_name: str
) -> None:
    write_table(tmp_path / "c.sqlite", "t", ["n", "v"], ((n, f"v{n}" * 9) for n in range(60_000)))
    context, blueprint, cleaned = killed_context(schema_name, tmp_path)
    for milliseconds in (30, 90, 160):
        child = subprocess.Popen(
            [sys.executable, "-c", KILLED, postgres.conninfo, schema_name, str(tmp_path)],
            stdout=subprocess.PIPE,
        )
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(milliseconds / 1000)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
    release = load(context, postgres, blueprint, cleaned)
    assert verify(context, postgres, release, cleaned, MustHold()).passed
    assert ask(postgres, f'SELECT count(*), count(DISTINCT n) FROM "{release.name}".t') == [(60_000, 60_000)]
