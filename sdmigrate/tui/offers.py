"""What each key does at this moment, or why it does nothing.

Invariant: pure; the key bar, the actions, the command palette and the help all read the same offers, so a
dimmed key and the reason told for it never disagree.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from sdmigrate.tui.journey import Journey, active_step
from sdmigrate.tui.steps import STEPS, Step, in_mode, position, step_of

Act: TypeAlias = Literal[
    "go_on",
    "look_back",
    "look_forward",
    "run_again",
    "stop",
    "review",
    "roll_back",
    "view",
    "log",
    "help",
    "quit",
]

Side: TypeAlias = Literal["tables", "columns", "rows"]
"""What is in hand: one of the two sides of an inspection, or the rows of another view."""

_BROWSING: dict[Side, tuple[tuple[str, str], ...]] = {
    "tables": (("Enter", "Columns"), ("Space", "Keys"), ("s", "Sort"), ("/", "Filter")),
    "columns": (("Enter", "Open"), ("t", "Tables"), ("s", "Sort"), ("/", "Filter")),
    "rows": (("Enter", "Open"), ("s", "Sort"), ("/", "Filter")),
}
_TO_ROWS = ("Tab", "Rows")
"""What stands in the place of Enter while that means the button."""
_SHORT = {"Try again": "Retry"}
"""Labels for the key bar, which has to fit 80 cells."""


@dataclass(frozen=True)
class Offer:
    """One key."""

    act: Act
    key: str
    """As shown."""
    label: str
    refusal: str = ""
    """Why it does nothing now; empty where it can be pressed."""


def offers(journey: Journey, viewed: Step, views: int) -> tuple[Offer, ...]:
    """The keys of the key bar, in its order; it has room for the review or for the way back.

    Args:
        journey: where the run stands.
        viewed: the step that is looked at.
        views: how many views its result has.
    """
    return (
        _go_on(journey, viewed),
        Offer("look_back", "b", "Back", "" if position(viewed) else "Preflight is the first step."),
        Offer("run_again", "r", "Again", _why_not_again(journey, viewed)),
        Offer("stop", "x", _stop_label(journey), "" if journey.busy else "Nothing is running."),
        _way_back(journey) if viewed is STEPS[-1] else _review(journey),
        Offer("view", "v", "View", "" if views > 1 else "There is no other view of this step yet."),
        Offer("log", "l", "Log"),
        Offer("help", "?", "Help"),
        Offer("quit", "q", "Quit"),
    )


def key_line(
    journey: Journey, viewed: Step, views: int, side: Side | None, *, focused: bool, roomy: bool
) -> tuple[tuple[str, str, bool], ...]:
    """The key bar: key, label, whether it does anything.

    Args:
        journey: where the run stands.
        viewed: the step that is looked at.
        views: how many views its result has.
        side: which rows there are; None where none are in sight.
        focused: whether these have the keys, and not the button.
        roomy: whether there is room for all keys.
    """
    found = offers(journey, viewed, views)
    browsing = () if side is None else _BROWSING[side]
    if browsing and not focused:
        browsing = (_TO_ROWS, *browsing[1:])
    if browsing and not roomy:
        if not focused:
            browsing = ()
        else:
            # Whoever is among rows either waits for what runs or may go on.
            wanted = ["stop" if journey.busy else "go_on", "view", "help", "quit"]
            wanted += ["review", "roll_back"] if side == "rows" else []
            found = tuple(each for each in found if each.act in wanted)
    shown = [(each.key, each.label, not each.refusal) for each in found]
    place = next(number for number, each in enumerate(found) if each.act == "view")
    return (*shown[:place], *((key, label, True) for key, label in browsing), *shown[place:])


def offer(journey: Journey, viewed: Step, views: int, act: Act) -> Offer:
    """The offer for one act."""
    if act == "look_forward":
        last = position(viewed) == len(STEPS) - 1
        return Offer(act, "f", "Forward", "Cutover is the last step." if last else "")
    if act == "review":
        return _review(journey)
    if act == "roll_back":
        return _way_back(journey)
    return next(found for found in offers(journey, viewed, views) if found.act == act)


def _go_on(journey: Journey, viewed: Step) -> Offer:
    active = active_step(journey)
    if viewed is not active:
        return Offer("go_on", "n", "Return")
    if journey.lost:
        return Offer("go_on", "n", "Close")
    if journey.waiting is None:
        doing = "is being stopped" if journey.stop_asked else "is running"
        return Offer("go_on", "n", "Go on", f"{active.title} {doing}; wait until it has ended.")
    words = going_on(journey)
    return Offer("go_on", "n", "Go on" if words.startswith("Go on") else _SHORT.get(words, words))


def going_on(journey: Journey) -> str:
    """What going on means while the child waits, in a few words."""
    waiting = journey.waiting
    if waiting is None:
        return "Go on"
    if waiting.asks == "confirm_cutover":
        return "Switch…"
    if waiting.asks in ("offer_rollback", "nothing") or waiting.following is None:
        return "Finish"
    if waiting.stopped_by:
        return "Try again"
    return f"Go on to {step_of(waiting.following).title}"


def _stop_label(journey: Journey) -> str:
    return "Kill…" if journey.stop_asked else "Stop"


def _why_not_again(journey: Journey, viewed: Step) -> str:
    if journey.waiting is None:
        return "A step can run again when nothing is running."
    if not in_mode(viewed, journey.request.mode):
        return f"{viewed.title} is not in this mode."
    if journey.waiting.asks == "offer_rollback" or "cutover" in journey.waiting.finished:
        return "The release is live; only going back is open (u)."
    if all(journey.stage(stage).state == "pending" for stage in viewed.stages):
        return f"{viewed.title} has not run yet."
    return ""


def _review(journey: Journey) -> Offer:
    return Offer("review", "p", "Plan…", why_no_review(journey))


def why_no_review(journey: Journey) -> str:
    """Why the plan cannot be reviewed now; empty where it can."""
    if journey.request.mode == "inspect":
        return "inspect makes no plan; rehearse and migrate do."
    if journey.waiting is None:
        return "The plan can be reviewed when nothing is running."
    if "cutover" in journey.waiting.finished:
        return "The release is live; its plan stays as it was."
    if any(stage not in journey.results for stage in ("backup", "profile", "plan")):
        return "There is no plan yet; the Profile step makes it."
    return ""


def _way_back(journey: Journey) -> Offer:
    return Offer("roll_back", "u", "Roll back", _why_not_back(journey))


def _why_not_back(journey: Journey) -> str:
    if journey.waiting is not None and journey.waiting.asks == "offer_rollback":
        return ""
    if journey.stage("rollback").state == "done":
        return "The release has been rolled back already."
    return "Nothing has been switched in this run."
