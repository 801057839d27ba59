"""The journey folded from what the child says, and what each key means then."""

from itertools import product

from sdmigrate.model.events import GateJudged, Progress, StageFinished, StageStarted
from sdmigrate.pipeline.messages import Ended, Waiting
from sdmigrate.tui.journey import (
    Gone,
    Item,
    Journey,
    Results,
    active_step,
    fold,
    gates_of,
    goes_on_by_itself,
    step_state,
)
from sdmigrate.tui.narration import headline
from sdmigrate.tui.offers import Side, key_line, offer, offers
from sdmigrate.tui.steps import STAGE_ORDER, STEPS, Step, step_of
from tests.tui import records

PREFLIGHT, BACKUP, PROFILE, CLEAN, CANARY, CUTOVER = STEPS


def waiting(*finished: str, following: str | None, asks: str = "proceed", by: str | None = None) -> Waiting:
    return Waiting(
        run_directory="/run",
        finished=finished,  # type: ignore[arg-type]
        following=following,  # type: ignore[arg-type]
        asks=asks,  # type: ignore[arg-type]
        stopped_by=by,
    )


def folded(*items: Item, journey: Journey | None = None) -> Journey:
    current = journey or Journey(request=records.request())
    for item in items:
        current = fold(current, item, 1.0)
    return current


def done(stage: str) -> tuple[Item, Item]:
    return (
        StageStarted(stage=stage),  # type: ignore[arg-type]
        StageFinished(stage=stage, status="done", seconds=1.0),  # type: ignore[arg-type]
    )


def test_every_stage_belongs_to_one_step() -> None:
    assert sorted(STAGE_ORDER) == sorted(
        ["preflight", "backup", "profile", "plan", "clean", "canary", "load", "verify", "cutover", "rollback"]
    )
    assert [step_of(stage).name for stage in ("plan", "load", "rollback")] == [
        "profile",
        "cutover",
        "cutover",
    ]


def test_a_new_run_begins_by_itself_and_a_resumed_one_waits() -> None:
    assert goes_on_by_itself(folded(waiting(following="preflight")))
    assert not goes_on_by_itself(folded(waiting("preflight", "backup", following="profile")))


def test_a_step_goes_on_through_its_own_stages_and_then_waits() -> None:
    within = folded(*done("profile"), waiting("preflight", "backup", "profile", following="plan"))
    assert goes_on_by_itself(within)
    after = folded(*done("plan"), waiting("preflight", "backup", "profile", "plan", following="clean"))
    assert not goes_on_by_itself(after)
    assert step_state(after, PROFILE) == "done"
    assert step_state(after, CLEAN) == "pending"


def test_a_refused_stage_does_not_go_on() -> None:
    refused = folded(
        *done("profile"),
        StageStarted(stage="plan"),
        GateJudged(name="breaker", verdict="stop", value=0.2, limit=0.1, advice="Mend it."),
        StageFinished(stage="plan", status="refused", seconds=0.1),
        waiting("preflight", "backup", "profile", following="plan", by="The breaker gate says no."),
    )
    assert step_state(refused, PROFILE) == "refused"
    assert not goes_on_by_itself(refused)
    assert headline(refused, PROFILE) == ("The breaker gate says no.", "bad")
    assert gates_of(refused, PROFILE)["breaker"].verdict == "stop"
    assert offer(refused, PROFILE, 1, "go_on").label == "Retry"


def test_stopped_is_said_only_after_the_child_said_so() -> None:
    from dataclasses import replace

    running = folded(
        StageStarted(stage="load"),
        Progress(
            stage="load", table="t", done=1, total=2, unit="rows", rate=1.0, eta_seconds=None, reason=""
        ),
    )
    asked = replace(running, stop_asked=True)
    assert step_state(asked, CUTOVER) == "stopping"
    assert headline(asked, CUTOVER)[0].startswith("Stopping…")
    stopped = folded(
        StageFinished(stage="load", status="aborted", seconds=1.0),
        waiting("preflight", "backup", "profile", "plan", "clean", "canary", following="load", by="Stopped."),
        journey=asked,
    )
    assert step_state(stopped, CUTOVER) == "stopped"
    assert headline(stopped, CUTOVER)[0] == "Stopped: nothing was left half-done."


def test_running_a_step_again_forgets_those_after_it() -> None:
    everything = folded(
        *done("preflight"),
        *done("backup"),
        *done("profile"),
        *done("plan"),
        *done("clean"),
        Results(records.results()),
    )
    again = folded(StageStarted(stage="profile"), journey=everything)
    assert set(again.results) == {"preflight", "backup"}
    assert step_state(again, CLEAN) == "pending"
    assert step_state(again, PROFILE) == "running"


def test_a_child_that_goes_without_a_word_is_lost_and_one_that_ended_is_not() -> None:
    assert folded(StageStarted(stage="clean"), Gone()).lost
    ended = Ended(finished=records.finished("released", 0, ()))
    assert not folded(ended, Gone()).lost


def test_inspect_ends_with_the_profile() -> None:
    journey = Journey(request=records.request("inspect"))
    assert [step_state(journey, step) for step in (CLEAN, CANARY, CUTOVER)] == ["not_in_mode"] * 3
    finished = fold(
        folded(*done("profile"), journey=journey),
        waiting("preflight", "backup", "profile", following=None, asks="nothing"),
        1.0,
    )
    assert step_state(finished, PROFILE) == "done"
    assert offer(finished, PROFILE, 1, "go_on").label == "Finish"


def test_the_question_needs_the_operator_and_live_offers_the_way_back() -> None:
    asked = folded(
        *done("load"), *done("verify"), waiting("verify", following="cutover", asks="confirm_cutover")
    )
    assert step_state(asked, CUTOVER) == "needs_you"
    assert offer(asked, CUTOVER, 1, "roll_back").refusal
    live = folded(*done("cutover"), waiting("cutover", following=None, asks="offer_rollback"), journey=asked)
    assert not offer(live, CUTOVER, 1, "roll_back").refusal
    assert "only going back" in offer(live, PROFILE, 1, "run_again").refusal
    assert step_state(live, CUTOVER) == "done"
    back = folded(*done("rollback"), waiting("rollback", following=None, asks="nothing"), journey=live)
    assert step_state(back, CUTOVER) == "rolled_back"


def test_a_rehearsal_has_done_its_cutover_though_it_went_back() -> None:
    rehearsed = folded(
        *(item for stage in ("load", "verify", "cutover", "rollback") for item in done(stage)),
        waiting("rollback", following=None, asks="nothing"),
        journey=Journey(request=records.request("rehearse")),
    )
    assert step_state(rehearsed, CUTOVER) == "done"


def _fits(journey: Journey, viewed: Step) -> None:
    """The key bar fits whatever has the keys, and tells what Enter means among rows."""
    # The last step has no inspection.
    sides: tuple[Side | None, ...] = (None, "rows") if viewed is CUTOVER else (None, "tables", "columns")
    for side, focused, (roomy, room) in product(sides, (True, False), ((False, 78), (True, 118))):
        keys = key_line(journey, viewed, 2, side, focused=focused, roomy=roomy)
        assert sum(len(key) + 1 + len(label) + 2 for key, label, _ in keys) - 2 <= room
        assert ("Enter" in [key for key, _, _ in keys]) is (side is not None and focused)


def test_every_dimmed_key_has_a_reason_and_all_keys_fit_80_cells() -> None:
    moments = [
        folded(waiting(following="preflight")),
        folded(StageStarted(stage="canary")),
        folded(*done("plan"), waiting("plan", following="clean", by="No.")),
        folded(*done("verify"), waiting("verify", following="cutover", asks="confirm_cutover")),
        folded(*done("cutover"), waiting("cutover", following=None, asks="offer_rollback")),
        folded(StageStarted(stage="load"), Gone()),
    ]
    for journey in moments:
        for viewed in STEPS:
            found = offers(journey, viewed, 2)
            assert sum(len(each.key) + 1 + len(each.label) + 2 for each in found) - 2 <= 78
            assert {each.act for each in found} >= {"go_on", "stop", "quit", "help"}
            _fits(journey, viewed)
    busy = moments[1]
    assert "is running" in offer(busy, CANARY, 1, "go_on").refusal
    assert active_step(busy) is CANARY
