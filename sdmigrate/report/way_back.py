"""Where a run's things are, and the exact commands that lead back or on.

Invariant: a command told here can be pasted into a shell as it stands; no password is in it.
"""

import shlex
from pathlib import Path, PurePath

from sdmigrate.model.events import RunFinished
from sdmigrate.model.settings import Request
from sdmigrate.report.page import Block, Command, Facts
from sdmigrate.report.story import RunStory
from sdmigrate.runtime.directory import RunDirectory


def where_things_are(story: RunStory) -> tuple[Block, ...]:
    """Files of the run and releases on the target."""
    finished = story.finished
    pairs: list[tuple[str, str | None]] = [
        ("run directory", finished.run_dir),
        ("source", story.request.source),
        ("target", finished.target),
        ("snapshot", story.snapshot.path if story.snapshot else None),
        ("cleaned", story.cleaned.path if story.cleaned else None),
        ("audit trail", story.cleaned.audit_path if story.cleaned else None),
        ("quarantine", story.cleaned.quarantine_path if story.cleaned else None),
        ("dump of live", story.snapshot.dump_path if story.snapshot else None),
    ]
    if story.request.mode == "migrate":
        pairs += [("release", finished.release), ("kept release", finished.previous)]
    return (Facts(pairs=tuple((name, value) for name, value in pairs if value)),)


def commands(story: RunStory) -> tuple[Block, ...]:
    """What can be done next, the way back first."""
    finished = story.finished
    schema = finished.schema
    told: list[Command] = []
    if story.request.mode == "migrate" and schema is not None:
        if finished.outcome == "released":
            back = finished.previous or "no release at all"
            told.append(
                Command(text=switching(finished, "rollback", schema), purpose=f"The way back, to {back}:")
            )
        if finished.outcome in ("loaded", "rolled_back") and finished.release is not None:
            release = ("--release", finished.release)
            told.append(
                Command(text=switching(finished, "cutover", schema, *release), purpose="To go live with it:")
            )
    if finished.outcome in ("refused", "stopped", "aborted", "failed") and finished.run_dir is not None:
        told.append(
            Command(text=of_run(finished.run_dir, "resume"), purpose="To go on from the last finished stage:")
        )
        told.append(Command(text=of_run(finished.run_dir, "abort"), purpose="To remove what it left:"))
    if any(table.quarantined for table in finished.tables) and finished.run_dir is not None:
        listing = of_run(finished.run_dir, "quarantine", "list", "--run")
        told.append(Command(text=listing, purpose="To see the rows in quarantine:"))
    return tuple(told)


def onward(request: Request, finished: RunFinished) -> str | None:
    """The command that goes one mode further with the same source and plan; None where there is none."""
    given = [("--queries", request.queries_path), ("--rules", request.rules_path)]
    match finished.outcome:
        case "inspected":
            words = ["rehearse", request.source]
            given.append(("--plan", request.plan_path))
        case "rehearsed" if request.schema is not None and finished.run_dir is not None:
            target = finished.target or "embedded"
            words = ["migrate", request.source, "--target", target, "--schema", request.schema]
            given.append(("--plan", str(RunDirectory(Path(finished.run_dir)).plan)))
        case _:
            return None
    words += [word for name, value in given if value is not None for word in (name, value)]
    words += [word for gate, verdict in request.gates.items() for word in ("--gate", f"{gate}={verdict}")]
    return shlex.join(("sdmigrate", *words, *_work_directory(finished.run_dir)))


def switching(finished: RunFinished, command: str, schema: str, *more: str) -> str:
    """The command that switches outside of the run; it asks nothing."""
    target = finished.target or "embedded"
    place = _work_directory(finished.run_dir) if target == "embedded" else ()
    words = ("sdmigrate", command, "--target", target, "--schema", schema, *more, "--confirm", schema, *place)
    return shlex.join(words)


def of_run(run_directory: str, *command: str) -> str:
    """The command with the run's id behind it."""
    run = PurePath(run_directory).name
    return shlex.join(("sdmigrate", *command, run, *_work_directory(run_directory)))


def _work_directory(run_directory: str | None) -> tuple[str, ...]:
    """The flag that makes the command find the run and its server, whatever the shell's settings are."""
    if run_directory is None:
        return ()
    return ("--work-dir", str(PurePath(run_directory).parent.parent))
