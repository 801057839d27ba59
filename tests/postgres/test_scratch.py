"""A rehearsal on a server: names, and a target that afterwards is what it was."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdmigrate.model.approval import approve
from sdmigrate.model.errors import TargetUnreachable
from sdmigrate.model.settings import Endpoint
from sdmigrate.postgres.binaries import packaged
from sdmigrate.postgres.bookkeeping import Bookkeeping
from sdmigrate.postgres.connect import connect
from sdmigrate.postgres.scratch import ScratchPair, drop_scratch, scratch_names
from sdmigrate.runtime.context import Context
from sdmigrate.stages.cutover import cutover
from sdmigrate.stages.rollback import rollback
from tests.conftest import MakeContext
from tests.postgres.made import make_release, schemas
from tests.stages.by_hand import ask

STAMP = "20261123T021500Z"


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=44))
def test_scratch_names_fit_and_differ(schema: str) -> None:
    pair = scratch_names(schema, STAMP)
    names = (pair.live, pair.release, pair.canary, pair.bookkeeping)
    assert all(len(name.encode()) <= 63 for name in names)
    assert len({*names, schema}) == 5
    assert pair.release == f"{pair.live}__r{STAMP}"


def target_as_text(endpoint: Endpoint) -> list[str]:
    """The whole database as pg_dump writes it, but for its random lines."""
    command = [str(packaged().program("pg_dump")), f"--dbname={endpoint.conninfo}"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [line for line in told.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]


def rehearse(make_context: MakeContext, tmp_path: Path, endpoint: Endpoint, pair: ScratchPair) -> None:
    plain = make_context(tmp_path, mode="rehearse", schema=pair.live)
    context = Context(
        request=plain.request,
        directory=plain.directory,
        cancel=plain.cancel,
        events=plain.events,
        started=plain.started,
        bookkeeping=pair.bookkeeping,
    )
    release, verification = make_release(
        endpoint, pair.live, STAMP, bookkeeping=Bookkeeping(pair.bookkeeping)
    )
    approval = approve(pair.live, pair.live)
    assert cutover(context, endpoint, release, verification, approval).release == pair.release
    assert rollback(context, endpoint, pair.live, None, approval).release is None


def test_a_rehearsal_leaves_the_target_as_it_was(
    own_database: Endpoint, make_context: MakeContext, tmp_path: Path, schema_name: str
) -> None:
    ask(own_database, f"CREATE SCHEMA {schema_name}")
    ask(own_database, f"CREATE TABLE {schema_name}.tickets AS SELECT 1 AS id")
    pair = scratch_names(schema_name, STAMP)
    before = target_as_text(own_database)
    rehearse(make_context, tmp_path, own_database, pair)
    assert target_as_text(own_database) != before
    assert drop_scratch(own_database, pair) is True
    assert target_as_text(own_database) == before
    assert drop_scratch(own_database, pair) is False
    assert schemas(own_database, schema_name) == [schema_name]


def test_what_a_killed_rehearsal_left_is_removed(postgres: Endpoint, schema_name: str) -> None:
    pair = scratch_names(schema_name, STAMP)
    code = (
        "import os, signal, sys; from sdmigrate.postgres.connect import connect, endpoint_of;"
        "from sdmigrate.postgres.bookkeeping import Bookkeeping;"
        "from tests.postgres.made import make_release;"
        "make_release(endpoint_of(sys.argv[1]), sys.argv[2], sys.argv[3],"
        " bookkeeping=Bookkeeping(sys.argv[4]));"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    command = [sys.executable, "-c", code, postgres.conninfo, pair.live, STAMP, pair.bookkeeping]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, check=False, cwd=root, env=os.environ | {"PYTHONPATH": str(root)})
    assert done.returncode == -signal.SIGKILL
    assert schemas(postgres, schema_name) == sorted([pair.bookkeeping, pair.release])
    assert drop_scratch(postgres, pair) is True
    assert schemas(postgres, schema_name) == []


def test_nothing_is_dropped_where_our_bookkeeping_is_not(postgres: Endpoint, schema_name: str) -> None:
    pair = scratch_names(schema_name, STAMP)
    ask(postgres, f'CREATE SCHEMA "{pair.live}"')
    assert drop_scratch(postgres, pair) is False
    ask(postgres, f'CREATE SCHEMA "{pair.bookkeeping}"')
    with pytest.raises(TargetUnreachable):
        drop_scratch(postgres, pair)
    with connect(postgres, purpose="test") as connection:
        assert not connection.closed
    assert schemas(postgres, schema_name) == sorted([pair.live, pair.bookkeeping])
