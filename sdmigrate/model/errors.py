"""One root for every error that an operator may meet, and leaves named by who must fix what.

Invariant: each carries what happened and where (``message``) and what to do next (``hint``), and no
password. The exit code of each is decided in ``model/outcome.py`` alone.
"""


class SdmigrateError(Exception):
    """What happened and where, and what the operator can do next."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        """One sentence: what happened, to which file, table or server."""
        self.hint = hint
        """One sentence: the next thing to do."""


class UsageProblem(SdmigrateError):
    """A flag, a setting or a plan that cannot be meant; the operator changes the call or the file."""


class SourceUnusable(SdmigrateError):
    """The source cannot be opened or is not a usable SQLite database."""


class TargetUnreachable(SdmigrateError):
    """The PostgreSQL target cannot be reached or lacks what the run needs."""


class Refused(SdmigrateError):
    """A named gate, the canary or the verification said no; live is unchanged."""


class UnsafeToContinue(SdmigrateError):
    """Source changed, run or schema locked, confirmation missing, or live has new writes."""


class Aborted(SdmigrateError):
    """The operator stopped the run and everything under way was rolled back."""


class Interrupted(SdmigrateError):
    """The environment stopped the run while it went (disk, connection, server); it can be resumed."""


class InternalFault(SdmigrateError):
    """A promise of ours does not hold (ledger out of balance, undo not equal); the run must not go on."""
