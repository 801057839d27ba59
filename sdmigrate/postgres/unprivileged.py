"""Whom the embedded server runs as, and where its files may then lie.

Invariant: no permission of an existing path is changed. What another account must reach is made anew, in a
private directory of that account, whose place is recorded before it is made.
"""

import contextlib
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sdmigrate.model.errors import TargetUnreachable

ACCOUNTS = ("postgres", "_postgres", "nobody")
"""Accounts that root lends to the server, the first that exists."""

CAN_READ = 'for path do if [ -d "$path" ]; then [ -x "$path" ]; else [ -r "$path" ]; fi || exit 1; done'
"""A question to the system itself, so that access lists and mount options count."""


@dataclass(frozen=True)
class Account:
    """The account that the server runs as; ``user`` is None where it is our own."""

    user: int | None
    group: int | None

    @property
    def is_ours(self) -> bool:
        """Whether the server runs as whoever we are."""
        return self.user is None

    def run(
        self, command: list[str], *, environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the command to its end as this account, in /, in a clean environment, output captured."""
        return subprocess.run(
            command,
            user=self.user,
            group=self.group,
            extra_groups=None if self.is_ours else [],
            umask=0o077,
            cwd="/",
            env=environment or clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )

    def can_read(self, *paths: Path) -> bool:
        """Whether this account can traverse every directory and read every file of these."""
        if self.is_ours:
            return True
        command = ["/bin/sh", "-c", CAN_READ, "sh", *map(str, paths)]
        return self.run(command).returncode == 0

    def make_directory(self, path: Path) -> None:
        """Create the directory, 0700 and this account's own; one that is there already is taken as it is.

        Raises:
            TargetUnreachable: something else is there.
        """
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)
            if self.user is not None and self.group is not None:
                os.chown(path, self.user, self.group)
        found = path.lstat()
        owner = os.geteuid() if self.user is None else self.user
        if not path.is_dir() or path.is_symlink() or found.st_uid != owner or found.st_mode & 0o077:
            raise TargetUnreachable(
                f"{path} is there already and is not a private directory of the server's account.",
                "Move it away, or choose another --work-dir.",
            )


def clean_environment() -> dict[str, str]:
    """An environment in which no PG* variable or locale of the operator's steers the server."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def server_account() -> Account:
    """Ours, or for root, which PostgreSQL refuses, the first of ``ACCOUNTS``.

    Raises:
        TargetUnreachable: we are root and there is no such account.
    """
    if os.geteuid() != 0:
        return Account(user=None, group=None)
    for name in ACCOUNTS:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(user=entry.pw_uid, group=entry.pw_gid)
    raise TargetUnreachable(
        f"PostgreSQL does not run as root, and none of the accounts {', '.join(ACCOUNTS)} exists.",
        "Run sdmigrate as an ordinary user, or name a server with --target.",
    )


def make_home(home: Path, account: Account) -> None:
    """Create the directory that records where the server's files are, and what is missing above it."""
    for directory in reversed(home.parents):
        if not directory.exists():
            directory.mkdir(mode=0o700, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        home.mkdir(mode=0o700)
        if not account.is_ours:
            # To be traversed is all that another account needs; the place inside is private again.
            home.chmod(0o711)


def private_place(home: Path, account: Account, *, durable: bool) -> Path:
    """The directory for the server's files, made if missing, recorded in ``home/location``.

    It is ``home/server``, or where the account cannot get there a directory of its own elsewhere.
    ``durable`` keeps away from directories that the system empties by age, where it can.

    Raises:
        TargetUnreachable: no directory can be had.
    """
    place = recorded_place(home)
    if place is None:
        make_home(home, account)
        place = home / "server"
        if not account.can_read(home):
            place = _elsewhere(account, durable=durable) / f"sdmigrate-{secrets.token_hex(8)}"
        _record(home / "location", place)
    account.make_directory(place)
    return place


def recorded_place(home: Path) -> Path | None:
    """Where the server's files of ``home`` lie, None where none were ever made."""
    try:
        return Path(os.fsdecode((home / "location").read_bytes()))
    except FileNotFoundError:
        return None


def remove_place(home: Path) -> None:
    """Remove the server's files of ``home``, which must not run, and the record of where they were."""
    place = recorded_place(home)
    if place is not None:
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(place)
        (home / "location").unlink(missing_ok=True)


def _record(path: Path, place: Path) -> None:
    partial = path.with_name("location.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(os.fsencode(place))
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)


def _elsewhere(account: Account, *, durable: bool) -> Path:
    temporary = (Path("/var/tmp"), Path(tempfile.gettempdir()))  # noqa: S108 - names made there are random
    for directory in (Path("/var/lib"), *temporary) if durable else temporary:
        if directory.is_dir() and os.access(directory, os.W_OK) and account.can_read(directory):
            return directory
    raise TargetUnreachable(
        "There is no directory in which the embedded PostgreSQL server could keep its files.",
        "Run sdmigrate as an ordinary user, or make /var/tmp usable.",
    )
