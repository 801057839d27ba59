"""What a real child process says of the tables while it inspects."""

import fcntl
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

from sdmigrate.model.plan import Plan
from sdmigrate.model.settings import Request
from sdmigrate.model.so_far import Known
from sdmigrate.pipeline.child import Child
from sdmigrate.pipeline.messages import Begin, Ended, EventLine, Finish, Proceed, Seen, Waiting
from sdmigrate.pipeline.results import read_result

_TABLES = 30


def first_look(tmp_path: Path, target: str) -> Seen:
    """What an inspection with that target shows first; it is ended then."""
    source = tmp_path / "one.sqlite"
    with closing(sqlite3.connect(source)) as connection:
        connection.execute("CREATE TABLE t(a)")
        connection.execute("INSERT INTO t VALUES (1)")
        connection.commit()
    request = Request(mode="inspect", source=str(source), target=target, schema=None)
    child = Child.start(Begin(request=request, work_directory=str(tmp_path / "work"), conninfo=None))
    try:
        child.send(Proceed())
        while not isinstance(message := child.receive(30), Seen):
            assert message is not None
    finally:
        child.kill()
        child.close()
    return message


def test_the_first_look_does_not_wait_for_the_target(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        seen = first_look(tmp_path, f"host=127.0.0.1 port={port} user=nobody dbname=none")
    assert [table.profile.name for table in seen.tables] == ["t"]


def test_the_first_look_does_not_wait_for_a_server_to_be_started(tmp_path: Path) -> None:
    # Whoever holds this lock is starting the server.
    home = tmp_path / "work" / "postgres"
    home.mkdir(parents=True)
    with (home / "lock").open("w") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)
        seen = first_look(tmp_path, "embedded")
    assert [table.profile.name for table in seen.tables] == ["t"]


def test_tables_are_seen_before_the_stage_that_looked_at_them_has_ended(tmp_path: Path) -> None:
    source = tmp_path / "many.sqlite"
    with closing(sqlite3.connect(source)) as connection:
        for number in range(_TABLES):
            connection.execute(f"CREATE TABLE t{number}(a)")
            connection.execute(f"INSERT INTO t{number} VALUES (?)", (f"value {number}",))
        connection.commit()
    request = Request(mode="inspect", source=str(source), target=None, schema=None)
    child = Child.start(Begin(request=request, work_directory=str(tmp_path / "work"), conninfo=None))
    stage, known = "", dict[str, dict[str, Known]]()
    while not isinstance(message := child.receive(30), Ended):
        match message:
            case EventLine(line=line) if "stage.started" in line:
                stage = next(name for name in ("preflight", "backup", "profile") if f'"{name}"' in line)
            case Seen(tables=tables):
                known.setdefault(stage, {}).update({table.profile.name: table.known for table in tables})
            case Waiting(following=following, run_directory=directory):
                child.send(Finish() if following is None else Proceed())
    child.close()
    every = {f"t{number}" for number in range(_TABLES)}
    assert message.finished.outcome == "inspected"
    assert known.keys() == {"preflight", "profile"}
    plan = read_result(Path(directory), "plan")
    assert isinstance(plan, Plan)
    assert {table.source for table in plan.tables} == every
    assert known["profile"] == dict.fromkeys(every, "related")
    # How many a slow machine reaches in time is not told.
    assert known["preflight"].keys() <= every
