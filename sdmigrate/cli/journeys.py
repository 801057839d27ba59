"""A journey driven headless: inspect, rehearse and migrate, and a run taken up again.

Invariant: no rule of its own; it only answers the questions that the wizard would ask.
"""

import select
import sys
from dataclasses import replace

from sdmigrate.cli import diagnostics
from sdmigrate.cli.session import Session, Target, has_terminal
from sdmigrate.model.approval import approve
from sdmigrate.model.errors import UnsafeToContinue
from sdmigrate.model.events import Outcome, RunFinished, StageName
from sdmigrate.model.settings import Request
from sdmigrate.pipeline.child import rehearse_switches
from sdmigrate.pipeline.messages import Begin
from sdmigrate.pipeline.run import Run, opened_run
from sdmigrate.report.terminal import terminal_text
from sdmigrate.report.view import WHOLE, ReportView

_LOOK_SECONDS = 0.1
"""How often an open question looks whether the operator wants to stop."""


def begin_journey(
    session: Session,
    request: Request,
    target: Target | None,
    *,
    confirm: str | None = None,
    until: StageName | None = None,
    resume: str | None = None,
    view: ReportView = WHOLE,
) -> RunFinished:
    """Run a journey to its end, or through the stage ``until``, and tell it.

    A run that is past ``until`` already runs that stage again; what came after it is forgotten.

    Raises:
        SdmigrateError: the run could not begin.
    """
    begin = Begin(
        request=request,
        work_directory=str(session.work_directory),
        conninfo=target.conninfo if target is not None else None,
        resume=resume,
    )
    with opened_run(begin, session.cancel, session.listeners) as run:
        session.about(run.directory)
        return _drive(session, run, confirm, until, view)


def _drive(
    session: Session, run: Run, confirm: str | None, until: StageName | None, view: ReportView
) -> RunFinished:
    outcome: Outcome | None = None
    error: BaseException | None = None
    try:
        if until in run.journey.finished:
            run.journey.repeat(until)
        while (stage := run.journey.following) is not None:
            _step(session, run, stage, confirm)
            if stage == until:
                outcome = "done"
                break
    except Exception as failure:
        error = failure
        diagnostics.fail(failure, verbose=session.common.verbose)
    finished, story = run.conclude(error, outcome=outcome, view=view)
    if not session.output.json:
        # Values are masked in files that leave the machine; the operator's own terminal shows them.
        session.output.text(terminal_text(story, replace(view, show_values=True)))
    return finished


def _step(session: Session, run: Run, stage: StageName, confirm: str | None) -> None:
    if run.request.mode == "rehearse" and stage in ("cutover", "rollback"):
        rehearse_switches(run)
    elif stage == "cutover":
        schema = run.request.schema or ""
        run.journey.cut_over(approve(schema, confirm if confirm is not None else ask(session, schema)))
    else:
        run.journey.advance()


def ask(session: Session, schema: str) -> str:
    """The text typed at the question before a switch; asked on standard error.

    Raises:
        UnsafeToContinue: there is no terminal to ask at.
        Aborted: the operator stopped instead of answering.
    """
    if not has_terminal():
        raise UnsafeToContinue(
            "Switching needs the schema's name to be confirmed, and there is no terminal to ask at.",
            f"Add --confirm {schema}.",
        )
    sys.stderr.write(f"Type the schema's name to switch {schema!r}: ")
    sys.stderr.flush()
    # Reading alone would go on after a Ctrl-C, which is only a wish until someone looks.
    while not select.select([sys.stdin], [], [], _LOOK_SECONDS)[0]:
        session.cancel.raise_if_set()
    session.cancel.raise_if_set()
    return sys.stdin.readline().rstrip("\n")


def require_confirmation(schema: str, confirm: str | None) -> None:
    """Before any work: the question can be answered, and what was answered already is right.

    Raises:
        UnsafeToContinue: neither ``--confirm`` nor a terminal, or another name.
    """
    if confirm is not None:
        approve(schema, confirm)
    elif not has_terminal():
        raise UnsafeToContinue(
            "Switching needs the schema's name to be confirmed, and there is no terminal to ask at.",
            f"Add --confirm {schema}; nothing has been done yet.",
        )
