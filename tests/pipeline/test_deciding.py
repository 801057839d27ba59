"""A plan decided in the middle of a run, by messages to a real child process."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sdmigrate.model.plan import Plan
from sdmigrate.model.profile import Profile
from sdmigrate.model.settings import Limits, Request
from sdmigrate.model.source import Snapshot
from sdmigrate.pipeline.child import Child
from sdmigrate.pipeline.messages import (
    Begin,
    Command,
    Decide,
    Ended,
    Finish,
    Proceed,
    Repeat,
    Tried,
    Try,
    Waiting,
)
from sdmigrate.pipeline.results import read_result, read_stages
from sdmigrate.pipeline.standing import resumable_requests
from sdmigrate.rules.plan_review import Review, begun, with_agreed, with_column, with_table

_PATIENCE = 30.0


def _source(path: Path) -> Path:
    """Half the days do not exist, which the breaker does not let pass."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE visits(id INTEGER PRIMARY KEY, day TIMESTAMP)")
        rows = [("2025-05-01 10:00:00",), ("2025-06-31 10:00:00",)] * 10
        connection.executemany("INSERT INTO visits(day) VALUES (?)", rows)
        connection.commit()
    return path


def _begin(tmp_path: Path) -> Begin:
    request = Request(
        mode="migrate",
        source=str(_source(tmp_path / "visits.sqlite")),
        target=None,
        schema=None,
        no_cutover=True,
    )
    return Begin(request=request, work_directory=str(tmp_path / "work"), conninfo=None)


def _answer(child: Child) -> Waiting | Tried | Ended:
    """The next message that is no event."""
    while True:
        message = child.receive(_PATIENCE)
        assert message is not None
        if isinstance(message, Waiting | Tried | Ended):
            return message


def _ask(child: Child, command: Command) -> Waiting:
    child.send(command)
    message = _answer(child)
    assert isinstance(message, Waiting)
    return message


def _to_the_plan(child: Child) -> Waiting:
    waiting = _answer(child)
    assert isinstance(waiting, Waiting)
    for _ in range(4):
        waiting = _ask(child, Proceed())
    return waiting


def _review(directory: Path) -> Review:
    snapshot, profile, plan = (read_result(directory, stage) for stage in ("backup", "profile", "plan"))
    assert isinstance(snapshot, Snapshot)
    assert isinstance(profile, Profile)
    assert isinstance(plan, Plan)
    return begun(snapshot.catalog, profile, plan, day_first=None, limits=Limits())


def test_a_decided_plan_is_judged_runs_and_outlives_a_kill(tmp_path: Path) -> None:
    child = Child.start(_begin(tmp_path))
    waiting = _to_the_plan(child)
    directory = Path(waiting.run_directory)
    assert waiting.following == "plan"
    assert "breaker" in (waiting.stopped_by or "")
    refused = read_stages(directory)[-1]
    assert (refused.ended.name, refused.ended.status) == ("plan", "refused")
    assert (refused.gates[0].name, refused.gates[0].verdict) == ("breaker", "stop")

    review = with_column(_review(directory), "visits", "day", "misfit", "text")
    waiting = _ask(child, Decide(plan=review.decisions))
    assert (waiting.stopped_by, waiting.following) == (None, "clean")
    assert (directory / "plan.reviewed.toml").stat().st_mode & 0o777 == 0o600
    child.kill()
    child.close()

    ((_, request),) = resumable_requests(tmp_path / "work")
    work_directory = str(tmp_path / "work")
    again = Child.start(
        Begin(request=request, work_directory=work_directory, conninfo=None, resume=str(directory))
    )
    resumed = _answer(again)
    assert isinstance(resumed, Waiting)
    assert resumed.following == "clean"
    # The plan is made anew from what was decided, not from the evidence.
    waiting = _ask(again, Repeat(stage="plan"))
    decided = read_result(directory, "plan")
    assert isinstance(decided, Plan)
    assert decided.plan_id == review.plan.plan_id
    assert 'misfit = "text"' in (directory / "plan.toml").read_text()
    waiting = _ask(again, Proceed())
    assert waiting.finished[-1] == "clean"
    with closing(sqlite3.connect(directory / "cleaned.sqlite")) as cleaned:
        assert cleaned.execute("SELECT count(*) FROM visits WHERE day LIKE '2025-06-31%'").fetchone() == (10,)
    again.send(Finish())
    assert isinstance(_answer(again), Ended)
    again.close()


def test_what_was_done_under_a_plan_stands_until_one_decides_otherwise(tmp_path: Path) -> None:
    child = Child.start(_begin(tmp_path))
    directory = Path(_to_the_plan(child).run_directory)
    text = with_column(_review(directory), "visits", "day", "misfit", "text")
    _ask(child, Decide(plan=text.decisions))
    waiting = _ask(child, Proceed())
    assert waiting.finished[-1] == "clean"
    made = (directory / "cleaned.sqlite").stat().st_mtime_ns

    agreed = with_agreed(text, text.undecided)
    assert agreed.plan.plan_id == text.plan.plan_id
    waiting = _ask(child, Decide(plan=agreed.decisions))
    assert (waiting.stopped_by, waiting.following) == (None, "canary")
    assert (directory / "cleaned.sqlite").stat().st_mtime_ns == made
    assert _review(directory).undecided == {}
    assert [stage.ended.name for stage in read_stages(directory)][-2:] == ["plan", "clean"]

    waiting = _ask(child, Decide(plan=with_column(agreed, "visits", "day", "misfit", "null").decisions))
    assert (waiting.stopped_by, waiting.following) == (None, "clean")
    child.send(Finish())
    child.close()


def test_what_is_no_plan_changes_nothing(tmp_path: Path) -> None:
    child = Child.start(_begin(tmp_path))
    before = _to_the_plan(child)
    directory = Path(before.run_directory)
    plan = read_result(directory, "plan")
    waiting = _ask(child, Decide(plan="tables.visits.colour = 3"))
    assert "Plan, line 1: the key 'colour' is unknown." in (waiting.stopped_by or "")
    assert waiting.finished == before.finished
    assert read_result(directory, "plan") == plan
    assert not (directory / "plan.reviewed.toml").exists()
    child.send(Finish())
    child.close()


def test_trials_are_told_and_a_later_one_ends_an_earlier(tmp_path: Path) -> None:
    child = Child.start(_begin(tmp_path))
    kept = with_column(_review(Path(_to_the_plan(child).run_directory)), "visits", "day", "misfit", "text")
    review = with_column(kept, "visits", "day", "type", "timestamp")
    for number in range(1, 6):
        child.send(Try(number=number, plans=(review.plan.table("visits"),)))
    child.send(Try(number=6, plans=(kept.plan.table("visits"),)))
    answers: list[Tried] = []
    while not answers or answers[-1].number != 6:
        message = _answer(child)
        assert isinstance(message, Tried)
        answers.append(message)
    (trial,) = answers[-1].trials
    assert (trial.ledger.loaded, trial.ledger.quarantined) == (20, 0)
    assert {trial.ledger.quarantined for one in answers[:-1] for trial in one.trials} <= {10}

    refused = with_column(review, "visits", "day", "misfit", "fail")
    child.send(Try(number=7, plans=(refused.plan.table("visits"),)))
    message = _answer(child)
    assert isinstance(message, Tried)
    assert message.trials == ()
    assert "2025-06-31" in (message.stopped_by or "")

    # The run goes on as if nothing had been tried.
    waiting = _ask(child, Decide(plan=with_table(kept, "visits", where="id > 5").decisions))
    assert waiting.stopped_by is None
    waiting = _ask(child, Proceed())
    assert waiting.finished[-1] == "clean"
    child.send(Finish())
    child.close()


@pytest.mark.parametrize("stop", [Finish(), Proceed()], ids=["finish", "proceed"])
def test_a_command_behind_a_trial_is_obeyed(stop: Command, tmp_path: Path) -> None:
    child = Child.start(_begin(tmp_path))
    review = _review(Path(_to_the_plan(child).run_directory))
    child.send(Try(number=1, plans=(review.plan.table("visits"),)))
    child.send(stop)
    message = _answer(child)
    if isinstance(message, Tried):
        message = _answer(child)
    assert isinstance(message, Ended if isinstance(stop, Finish) else Waiting)
    child.send(Finish())
    child.close()
