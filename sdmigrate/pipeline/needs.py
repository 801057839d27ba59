"""What of the run directory a stage reads, so that a file that somebody removed is told by its name.

Invariant: looks whether the files are there, and at nothing in them.
"""

from sdmigrate.model.errors import UnsafeToContinue
from sdmigrate.model.events import StageName
from sdmigrate.runtime.directory import RunDirectory

_FROM_THE_SNAPSHOT: tuple[StageName, ...] = ("profile", "clean")
_FROM_CLEANED: tuple[StageName, ...] = ("canary", "load", "verify", "replay")


def require_files(directory: RunDirectory, stage: StageName) -> None:
    """Refuse a stage whose files are gone.

    Raises:
        UnsafeToContinue: one is; the hint says how to come by it again.
    """
    if stage in _FROM_THE_SNAPSHOT and not directory.snapshot.exists():
        raise UnsafeToContinue(
            f"{directory.snapshot} is gone, which {stage} reads.", "Start a new run; the source is as it was."
        )
    if stage in _FROM_CLEANED:
        require_cleaned(directory)


def require_cleaned(directory: RunDirectory) -> None:
    """Refuse to go on from a cleaning whose files are gone.

    Raises:
        UnsafeToContinue: one is.
    """
    for path in (directory.cleaned, directory.audit, directory.quarantine):
        if not path.exists():
            raise UnsafeToContinue(
                f"{path} is gone, which the cleaning wrote.",
                f"Clean again: sdmigrate clean --run {directory.run_id}",
            )
