"""The wizard's screens, each reached by keys from the start, for snapshots and screenshots."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from sdmigrate.model.events import StageName
from sdmigrate.model.settings import Mode
from sdmigrate.model.source import Source
from sdmigrate.pipeline.messages import Seen
from sdmigrate.tui.session import UnfinishedRun
from tests.tui import profiles, records
from tests.tui.driving import Keys, begin, until
from tests.tui.poison import MIXTURE, poisoned
from tests.tui.scripted import GATES, Script, Stage


@dataclass(frozen=True)
class Scene:
    """One screen."""

    name: str
    reach: Callable[[Keys, Stage], Awaitable[None]]
    mode: Mode = "migrate"
    make: Callable[[], Stage] = field(default=Stage)
    theme: str | None = None


def _unfinished() -> Stage:
    directory = Path("/var/lib/sdmigrate/runs/20261120T221403Z-servicedesk.sqlite")
    return Stage(
        runs=(
            UnfinishedRun(
                directory=directory,
                run_id=directory.name,
                request=records.request(),
                state="stopped",
                last_done="clean",
            ),
            UnfinishedRun(
                directory=directory,
                run_id="20261118T090112Z-chinook.sqlite",
                request=records.request("rehearse"),
                state="refused",
                last_done="profile",
            ),
        )
    )


def _holding(stage: str) -> Callable[[], Stage]:
    return lambda: Stage(script=Script(holds={stage}))  # type: ignore[arg-type]


def _refusing() -> Stage:
    stop = GATES["plan"][0]
    from msgspec.structs import replace

    judged = replace(
        stop, verdict="stop", value=0.25, advice="Mend the source, or decide these columns in the plan."
    )
    return Stage(
        script=Script(
            gates=GATES | {"plan": (judged, GATES["plan"][1])},
            refuses={
                "plan": (
                    "The breaker gate says no: 25 % of the columns hold values that nothing converts.",
                    "Mend the source, or decide these columns in the plan.",
                )
            },
        )
    )


def _dying() -> Stage:
    return Stage(script=Script(dies_in="load"))


async def go_to(keys: Keys, *words: str) -> None:
    """Go on from preflight, waiting for each of these."""
    await begin(keys)
    for word in words:
        await keys.press("n")
        await until(keys, word)


_TO_CLEAN = ("Profile ▸", "Clean ▸")
_TO_CUTOVER = (*_TO_CLEAN, "Canary ▸", "Cutover ▸")


async def _start(keys: Keys, _: Stage) -> None:
    await until(keys, "SQLite database", "started when the run")


async def _preflight(keys: Keys, _: Stage) -> None:
    await begin(keys)


async def _running(keys: Keys, _: Stage) -> None:
    await go_to(keys, "Profile ▸", "62 %")


async def _stopping(keys: Keys, stage: Stage) -> None:
    await _running(keys, stage)
    await keys.press("x")
    await until(keys, "Stop what is running?")


async def _profile(keys: Keys, _: Stage) -> None:
    await go_to(keys, *_TO_CLEAN)


async def _columns(keys: Keys, stage: Stage) -> None:
    await _profile(keys, stage)
    await keys.press("v")
    await until(keys, "All tables")
    await keys.press("down", "enter")
    await until(keys, "TKT-Title")


async def _evidence(keys: Keys, stage: Stage) -> None:
    await _columns(keys, stage)
    await keys.press("down", "enter")
    await until(keys, "Because", "12 rows to quarantine")


async def _plan(keys: Keys, stage: Stage) -> None:
    await _profile(keys, stage)
    await keys.press("p")
    await until(keys, "Plan review", "! undecided", "2,741", gone="…  ")


async def _decision(keys: Keys, stage: Stage) -> None:
    await _plan(keys, stage)
    await keys.press("enter")
    await until(keys, "not settled", "What happens")
    await keys.press("down", "down", "down", "right")
    await until(keys, "day first (D/M)", "No value of this column is changed.")


async def _clean(keys: Keys, _: Stage) -> None:
    await go_to(keys, *_TO_CLEAN, "Canary ▸")


async def _canary(keys: Keys, _: Stage) -> None:
    await go_to(keys, *_TO_CUTOVER)


async def _refused(keys: Keys, _: Stage) -> None:
    await go_to(keys, "Profile ▸", "breaker gate says no")


async def _question(keys: Keys, _: Stage) -> None:
    await go_to(keys, *_TO_CUTOVER, "Make this release live?")


async def _live(keys: Keys, stage: Stage) -> None:
    await _question(keys, stage)
    await keys.press("tab", "shift+tab", "shift+tab", *"servicedesk", "enter", "enter")
    await until(keys, "Finish ▸", "the switch took")


async def _end(keys: Keys, stage: Stage) -> None:
    await _live(keys, stage)
    await keys.press("n")
    await until(keys, "Released.")


async def _lost(keys: Keys, _: Stage) -> None:
    await go_to(keys, *_TO_CUTOVER, "ended unexpectedly")


async def _help(keys: Keys, stage: Stage) -> None:
    await _profile(keys, stage)
    await keys.press("question_mark")
    await until(keys, "Shows this page")


async def _inspected(keys: Keys, _: Stage) -> None:
    await begin(keys, "Finish ▸")
    await keys.press("4")
    await until(keys, "Not in this mode")


def _sampling(*holds: StageName) -> Callable[[], Stage]:
    seen: dict[StageName, Seen] = {"preflight": profiles.sampled(), "profile": profiles.counted("tickets")}
    return lambda: Stage(script=Script(seen=seen, holds=set(holds)))


async def _first_look(keys: Keys, _: Stage) -> None:
    await begin(keys, "From a sample of", "Backup: ", "timesheets")
    await keys.press("down")
    await until(keys, "▌ From a sample of 2,048 of about 10,939 rows; counting all.")


async def _counting(keys: Keys, _: Stage) -> None:
    await begin(keys, "1 of 3 tables counted", "Profile: ")
    await keys.press("down", "enter")
    await until(keys, "TKT-Title", "keys and references to come")
    await keys.press("down")
    await until(keys, "10,930 as ISO")


async def _stopped(keys: Keys, stage: Stage) -> None:
    await _counting(keys, stage)
    await keys.press("x")
    await until(keys, "Stop what is running?")
    await keys.press("y")
    await until(keys, "Partial: ", "Try again ▸")


async def _inspection(keys: Keys, _: Stage) -> None:
    await begin(keys, "Finish ▸", "All tables")
    await keys.press("down")
    await until(keys, "2 rows repeat")


def _poisoned() -> Stage:
    sampled, source = poisoned(profiles.sampled(), MIXTURE), poisoned(records.results()["preflight"], MIXTURE)
    assert isinstance(sampled, Seen)
    assert isinstance(source, Source)
    results = records.results() | {"preflight": source}
    return Stage(script=Script(results=results, seen={"preflight": sampled}, holds={"backup"}))


async def _hostile(keys: Keys, _: Stage) -> None:
    await begin(keys, "From a sample of", "Backup: ")
    await keys.press("down", "enter", "down")
    await until(keys, "Distinct", "≥2,048", "[red]x[/red]")


SCENES = (
    Scene("start", _start, mode="rehearse", make=_unfinished),
    Scene("preflight", _preflight),
    Scene("profile-running", _running, make=_holding("profile")),
    Scene("stop", _stopping, make=_holding("profile")),
    Scene("profile", _profile),
    Scene("columns", _columns),
    Scene("evidence", _evidence),
    Scene("plan", _plan),
    Scene("decision", _decision),
    Scene("refused", _refused, make=_refusing),
    Scene("clean", _clean),
    Scene("canary", _canary),
    Scene("question", _question),
    Scene("live", _live),
    Scene("end", _end),
    Scene("lost", _lost, make=_dying),
    Scene("help", _help),
    Scene("inspect", _inspected, mode="inspect"),
    Scene("inspect-sample", _first_look, mode="inspect", make=_sampling("backup")),
    Scene("inspect-counting", _counting, mode="inspect", make=_sampling("profile")),
    Scene("inspect-partial", _stopped, mode="inspect", make=_sampling("profile")),
    Scene("inspect-whole", _inspection, mode="inspect"),
    Scene("inspect-hostile", _hostile, mode="inspect", make=_poisoned),
    Scene("profile-light", _profile, theme="sdmigrate-light"),
)
