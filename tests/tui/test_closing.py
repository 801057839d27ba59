"""What the end tells of the way on, as a command that can be typed as it stands."""

import pytest
from msgspec.structs import replace

from sdmigrate.model.events import Outcome
from sdmigrate.model.settings import Mode
from sdmigrate.pipeline.messages import Ended
from sdmigrate.tui.closing import closing
from sdmigrate.tui.journey import Journey
from tests.tui import records


def _told(mode: Mode, outcome: Outcome, **more: object) -> dict[str, str]:
    request = replace(records.request(mode), **more)
    stages = ("preflight", "backup", "profile") if mode == "inspect" else ("preflight", "clean", "verify")
    ended = Ended(finished=records.finished(outcome, 0, stages))  # type: ignore[arg-type]
    return dict(closing(Journey(request=request, ended=ended), killed=False).facts)


def test_an_inspection_leads_to_a_rehearsal_of_the_same_source() -> None:
    told = _told("inspect", "inspected", rules_path="/etc/my rules.toml")
    assert told["Next"] == (
        "sdmigrate rehearse /srv/exports/servicedesk.sqlite --rules '/etc/my rules.toml'"
        " --work-dir /var/lib/sdmigrate"
    )


def test_a_rehearsal_leads_to_the_migration_under_its_plan() -> None:
    told = _told("rehearse", "rehearsed", gates={"quality": "warn"})
    assert told["Next"] == (
        "sdmigrate migrate /srv/exports/servicedesk.sqlite --target embedded --schema servicedesk"
        f" --plan {records.RUN_DIRECTORY}/plan.toml --gate quality=warn --work-dir /var/lib/sdmigrate"
    )


@pytest.mark.parametrize("outcome", ["released", "refused", "aborted", "rolled_back"])
def test_what_went_live_or_stopped_leads_to_no_other_mode(outcome: Outcome) -> None:
    assert "Next" not in _told("migrate", outcome)
