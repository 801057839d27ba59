"""The embedded PostgreSQL: one lasting server for a work directory, and throw-away ones for rehearsals.

Invariant: two processes that ask for the same server at once get the same server; what is thrown away is
gone, also where an earlier process was killed before it could clean up.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sdmigrate.model.errors import TargetUnreachable
from sdmigrate.model.settings import Endpoint
from sdmigrate.postgres.binaries import packaged, readable_by
from sdmigrate.postgres.cluster import Cluster
from sdmigrate.postgres.unprivileged import (
    make_home,
    private_place,
    recorded_place,
    remove_place,
    server_account,
)


@dataclass(frozen=True)
class ServerStatus:
    """The lasting server of a work directory."""

    initialised: bool
    running: bool
    process: int | None
    """Its process id."""
    data: Path | None
    """Its data directory, which for root lies outside the work directory."""
    log: Path | None


def persistent(work_directory: Path) -> Endpoint:
    """The lasting server of the work directory, made and started where needed; it outlives this process.

    Raises:
        TargetUnreachable: it cannot be made or started; the message has the end of its log.
    """
    home = _home(work_directory)
    account = server_account()
    make_home(home, account)
    with _alone(home):
        place = private_place(home, account, durable=True)
        cluster = Cluster(place, readable_by(account, place), account)
        if not cluster.answers():
            cluster.stop()
            cluster.initialise()
            cluster.start(durable=True)
        return cluster.endpoint()


def existing(work_directory: Path) -> Endpoint:
    """The lasting server of the work directory, started where it is stopped, but never made.

    Raises:
        TargetUnreachable: there is none, or it cannot be started.
    """
    if not status(work_directory).initialised:
        raise TargetUnreachable(
            f"There is no embedded server in {work_directory}, and so no release.",
            "'sdmigrate migrate --target embedded' makes one; one made elsewhere is found by its --work-dir.",
        )
    return persistent(work_directory)


@contextmanager
def throwaway(directory: Path) -> Iterator[Endpoint]:
    """A server for the time of the block, its files in ``directory`` or, for root, where that records.

    It ends with this process even when this process is killed; what a killed one left is removed first.

    Raises:
        TargetUnreachable: it cannot be made or started.
    """
    remove_throwaway(directory)
    account = server_account()
    place = private_place(directory, account, durable=False)
    cluster = Cluster(place, readable_by(account, place), account)
    try:
        cluster.initialise()
        holder = cluster.start(durable=False)
        try:
            yield cluster.endpoint()
        finally:
            if holder is not None:
                cluster.release(holder)
    finally:
        remove_place(directory)


def remove_throwaway(directory: Path) -> None:
    """Stop and remove what a throw-away server in ``directory`` left; nothing happens where nothing is.

    Raises:
        TargetUnreachable: it does not stop.
    """
    cluster = _existing(directory)
    if cluster is not None:
        cluster.stop()
    remove_place(directory)


def status(work_directory: Path) -> ServerStatus:
    """What is known of the work directory's lasting server; starts nothing."""
    cluster = _existing(_home(work_directory))
    if cluster is None or not cluster.data.exists():
        return ServerStatus(initialised=False, running=False, process=None, data=None, log=None)
    process = cluster.process()
    return ServerStatus(
        initialised=True,
        running=process is not None,
        process=process.pid if process else None,
        data=cluster.data,
        log=cluster.log,
    )


def stop(work_directory: Path) -> bool:
    """Stop the work directory's lasting server in good order; False where none ran.

    Raises:
        TargetUnreachable: it does not end.
    """
    home = _home(work_directory)
    cluster = _existing(home)
    if cluster is None:
        return False
    with _alone(home):
        return cluster.stop()


def dsn(work_directory: Path) -> str:
    """The connection string of the work directory's running server, for psql and other programs.

    Raises:
        TargetUnreachable: it does not run.
    """
    return persistent_if_running(work_directory).conninfo


def persistent_if_running(work_directory: Path) -> Endpoint:
    """The work directory's lasting server, not started.

    Raises:
        TargetUnreachable: it does not run.
    """
    home = _home(work_directory)
    cluster = _existing(home) or Cluster(home / "server", packaged(), server_account())
    return cluster.endpoint()


def _home(work_directory: Path) -> Path:
    return work_directory.absolute() / "postgres"


def _existing(home: Path) -> Cluster | None:
    place = recorded_place(home)
    return None if place is None else Cluster(place, packaged(), server_account())


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    descriptor = os.open(home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
