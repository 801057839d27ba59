"""Work beside a stage: stopped with it, never in its way, told by whoever waits."""

import threading
from concurrent.futures import Future
from itertools import count
from pathlib import Path
from typing import Never

import pytest

from sdmigrate.model.errors import Aborted, Refused
from sdmigrate.model.events import Advanced
from sdmigrate.runtime.cancel import CancelToken
from sdmigrate.stages.aside import Aside, aside
from tests.conftest import MakeContext, RecordingSink


def endless(other: Aside, begun: threading.Event) -> Never:
    for done in count():
        other.beat(Advanced(stage="clean", table="t", done=done, total=None))
        begun.set()
    raise AssertionError


def begin(other: Aside) -> Future[Never]:
    begun = threading.Event()
    work = other.start(endless, other, begun)
    assert begun.wait(10)
    return work


def test_a_failing_stage_leaves_nothing_running(tmp_path: Path, make_context: MakeContext) -> None:
    before = threading.active_count()

    def fail(other: Aside) -> None:
        begin(other)
        raise Refused("A value fails the run.", "Decide it.")

    with pytest.raises(Refused), aside(make_context(tmp_path)) as other:
        fail(other)
    assert threading.active_count() == before


def test_what_waits_behind_the_work_is_never_begun(tmp_path: Path, make_context: MakeContext) -> None:
    done: list[int] = []
    with aside(make_context(tmp_path)) as other:
        begin(other)
        other.start(done.append, 1)
    assert done == []


def test_a_cancel_stops_it_and_is_told_by_whoever_waits(tmp_path: Path, make_context: MakeContext) -> None:
    context = make_context(tmp_path)
    assert isinstance(context.cancel, CancelToken)
    with aside(context) as other:
        work = begin(other)
        context.cancel.set()
        with pytest.raises(Aborted):
            other.awaited(work)


def test_how_far_it_is_is_told_while_it_is_waited_for(tmp_path: Path, make_context: MakeContext) -> None:
    context = make_context(tmp_path)
    assert isinstance(context.events, RecordingSink)
    with aside(context) as other:
        go_on = threading.Event()
        at = Advanced(stage="clean", table="t", done=7, total=9)

        def work() -> str:
            other.beat(at)
            go_on.wait(10)
            return "found"

        threading.Timer(1.2, go_on.set).start()
        assert other.awaited(other.start(work)) == "found"
    assert context.events.events == [at]
