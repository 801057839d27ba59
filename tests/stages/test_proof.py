"""The proof beside the work: stopped with it, and never in its way."""

import threading
from pathlib import Path

import pytest

from sdmigrate.model.errors import Aborted, Refused
from sdmigrate.runtime.cancel import CancelToken
from sdmigrate.stages.proof import proving
from tests.conftest import MakeContext
from tests.sqlite.plain_snapshot import make_profile, make_snapshot

ROWS = """
CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000)
INSERT INTO t SELECT i, 'some text' FROM n;
"""


def test_a_failing_stage_leaves_no_proof_running(tmp_path: Path, make_context: MakeContext) -> None:
    snapshot = make_snapshot(tmp_path / "s.sqlite", ROWS)
    before = threading.active_count()
    with pytest.raises(Refused), proving(make_context(tmp_path), snapshot):
        raise Refused("A value fails the run.", "Decide it.")
    assert threading.active_count() == before


def test_a_cancel_stops_it_and_is_told_by_whoever_waits(tmp_path: Path, make_context: MakeContext) -> None:
    snapshot = make_snapshot(tmp_path / "s.sqlite", ROWS)
    context = make_context(tmp_path)
    assert isinstance(context.cancel, CancelToken)
    with proving(context, snapshot) as proof:
        context.cancel.set()
        with pytest.raises(Aborted):
            proof.digests(make_profile(snapshot))
