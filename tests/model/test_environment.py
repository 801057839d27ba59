"""What counts as the environment's doing, and what stays a defect."""

import errno
import os
import sqlite3

import pytest

from sdmigrate.model.environment import of_environment
from sdmigrate.model.errors import Interrupted, UsageProblem
from sdmigrate.model.outcome import ExitCode, outcome_of


def of_sqlite(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("as SQLite says")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/there"), "disk is full for /there"),
        (OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)), "disk is full"),
        (OSError(errno.EFBIG, os.strerror(errno.EFBIG)), "disk is full"),
        (OSError(errno.EIO, os.strerror(errno.EIO)), "could not be read or written"),
        (PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/there"), "could not be read or written"),
        (of_sqlite(sqlite3.SQLITE_FULL), "disk is full"),
        (of_sqlite(sqlite3.SQLITE_IOERR_WRITE), "disk is full"),
        (of_sqlite(sqlite3.SQLITE_IOERR_READ), "could not be read or written"),
        (of_sqlite(sqlite3.SQLITE_READONLY_DBMOVED), "could not be read or written"),
        (MemoryError(), "not enough memory"),
        (Interrupted("The server went.", "Resume."), "The server went."),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_the_environment(error: BaseException, told: str) -> None:
    known = of_environment(error)
    assert known is not None
    assert told in known.message
    assert outcome_of(error) == ("stopped", ExitCode.STOPPED)


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOENT, "gone"),
        of_sqlite(sqlite3.SQLITE_ERROR),
        of_sqlite(sqlite3.SQLITE_CORRUPT),
        sqlite3.OperationalError("raised by Python"),
        KeyError("defect"),
    ],
    ids=repr,
)
def test_what_is_not(error: BaseException) -> None:
    assert of_environment(error) is None
    assert outcome_of(error) == ("failed", ExitCode.INTERNAL)


def test_an_operators_mistake_is_none() -> None:
    assert of_environment(UsageProblem("No.", "Do.")) is None
