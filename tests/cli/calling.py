"""The real command, in this process or as one of its own, and what CONTRACTS.md says of its JSON.

Invariant: ``read_events`` accepts nothing but what the contract names: keys, value sets, rising numbers.
"""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from sdmigrate.cli.main import app

ENVELOPE = {"v", "seq", "at", "run", "event"}
KEYS = {
    "stage.started": {"stage"},
    "stage.finished": {"stage", "status", "seconds"},
    "progress": {"stage", "table", "done", "total", "unit", "rate", "eta_seconds", "reason"},
    "finding": {"code", "severity", "table", "column", "count", "message", "advice"},
    "gate": {"name", "verdict", "value", "limit", "advice"},
    "column": {
        *("table", "column", "declared", "proposed", "confidence", "reason", "rows", "nulls", "empties"),
        *("classes", "forms", "decision"),
    },
    "run.listed": {"run_dir", "source", "mode", "state", "resumable", "started", "stages"},
    "release.listed": {"schema", "release", "state", "rows", "created", "published", "previous"},
    "backup.listed": {"state", "path", "bytes", "sha256", "dump"},
    "plan.differs": {"kind", "table", "column", "key", "before", "after"},
    "server.listed": {"state", "process", "data", "dsn"},
    "file.written": {"path", "count"},
    "run.finished": {
        *("outcome", "exit_code", "schema", "release", "previous", "target", "run_dir", "quality"),
        *("stages", "tables", "findings"),
    },
}
TABLE_KEYS = {
    *("source", "target", "read", "loaded", "quarantined", "deduplicated", "excluded", "changed", "verified"),
}
VALUES = {
    "status": {"done", "skipped", "refused", "failed", "aborted"},
    "severity": {"error", "warning", "info"},
    "verdict": {"pass", "warn", "stop"},
    "outcome": {
        *("released", "loaded", "rehearsed", "inspected", "rolled_back", "done", "refused", "failed"),
        *("aborted", "stopped"),
    },
    "verified": {"identical", "changed", "different", "not_checked"},
}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@dataclass(frozen=True)
class Called:
    """How a call ended."""

    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        return read_events(self.out)

    @property
    def last(self) -> dict[str, Any]:
        return self.events[-1]


def call(*arguments: str | Path, environment: dict[str, str] | None = None) -> Called:
    """The command in this process, without a terminal."""
    with _kept_signals():
        ended = CliRunner().invoke(app, [str(argument) for argument in arguments], env=environment)
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    assert "Traceback" not in ended.stderr
    return Called(ended.exit_code, ended.stdout, ended.stderr)


def command(*arguments: str | Path) -> list[str]:
    """The command line of a process of its own."""
    return [sys.executable, "-m", "sdmigrate", *map(str, arguments)]


def spawn(
    *arguments: str | Path, environment: dict[str, str] | None = None, remove: tuple[str, ...] = ()
) -> Called:
    """The command as a process of its own, to its end."""
    variables = {name: value for name, value in os.environ.items() if name not in remove}
    ended = subprocess.run(
        command(*arguments),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        env=variables | (environment or {}),
    )
    called = Called(ended.returncode, ended.stdout.decode(), ended.stderr.decode())
    assert "Traceback" not in called.err
    return called


def read_events(out: str) -> list[dict[str, Any]]:
    """The events of ``--json``, each held to the contract."""
    events = [json.loads(line) for line in out.splitlines()]
    assert events, "there is no last line"
    for event in events:
        _require_contract(event)
    numbers = [event["seq"] for event in events]
    assert numbers == sorted(set(numbers))
    assert [event["event"] for event in events].count("run.finished") == 1
    assert events[-1]["event"] == "run.finished"
    return events


def _require_contract(event: dict[str, Any]) -> None:
    assert event.keys() == ENVELOPE | KEYS[event["event"]], event
    assert event["v"] == 1
    assert MOMENT.fullmatch(event["at"])
    for name, allowed in VALUES.items():
        assert name not in event or event[name] in allowed
    if event["event"] == "run.finished":
        assert event["quality"].keys() == {"before", "after"}
        assert all(stage.keys() == {"name", "status", "seconds"} for stage in event["stages"])
        assert all(table.keys() == TABLE_KEYS for table in event["tables"])
        assert all(table["verified"] in VALUES["verified"] for table in event["tables"])
        found = {"code", "severity", "table", "column", "count"}
        assert all(finding.keys() == found for finding in event["findings"])


@contextmanager
def _kept_signals() -> Iterator[None]:
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
