"""Which errors of the operating system and of SQLite are the environment's doing, and how that is said.

Invariant: pure; an error that is not known here stays what it is, since hiding a defect behind "disk full"
would send the operator looking in the wrong place.
"""

import errno
import sqlite3

from sdmigrate.model.errors import Interrupted

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_BROKEN = (
    errno.EACCES,
    errno.EIO,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENODEV,
    errno.ENOMEM,
    errno.EPERM,
    errno.EROFS,
    errno.ESTALE,
)
_SQLITE_PRIMARY = 0xFF
"""The primary result code is the low byte (https://www.sqlite.org/rescode.html)."""


def of_environment(error: BaseException) -> Interrupted | None:
    """What stopped the run, in an operator's words; None where the environment is not to blame.

    An Interrupted is returned as it is.
    """
    if isinstance(error, Interrupted):
        return error
    if isinstance(error, OSError) and error.errno in _FULL:
        return _full(error.strerror, error.filename)
    if isinstance(error, OSError) and error.errno in _BROKEN:
        return _broken(str(error))
    if isinstance(error, sqlite3.OperationalError):
        return _of_sqlite(error)
    if isinstance(error, MemoryError):
        return Interrupted("There is not enough memory.", "End other programs, then 'sdmigrate resume'.")
    return None


def _of_sqlite(error: sqlite3.OperationalError) -> Interrupted | None:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE):
        return _full(str(error), None)
    if code & _SQLITE_PRIMARY in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY):
        return _broken(str(error))
    return None


def _full(reason: str | None, path: object) -> Interrupted:
    where = f" for {path}" if path is not None else ""
    return Interrupted(
        f"The disk is full{where}: {reason}.",
        "Free some space (twice the source's size), then go on with 'sdmigrate resume'.",
    )


def _broken(reason: str) -> Interrupted:
    return Interrupted(
        f"A file could not be read or written: {reason}.",
        "See to the disk of the work directory, then go on with 'sdmigrate resume'.",
    )
