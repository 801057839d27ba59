"""The releases of a stable schema: list, tell what is live, prune, drop.

Invariant: only what sdmigrate made is dropped, a release is marked as dropped before its first object goes,
and live and the release a rollback needs are kept.
"""

from contextlib import ExitStack
from datetime import UTC

from sdmigrate.model.errors import UnsafeToContinue, UsageProblem
from sdmigrate.model.protocols import CancelSignal
from sdmigrate.model.result import ReleaseEntry, ReleaseState
from sdmigrate.model.settings import Endpoint
from sdmigrate.postgres.bookkeeping import Bookkeeping, RecordedRelease
from sdmigrate.postgres.connect import Connection, connect
from sdmigrate.postgres.dropping import drop_schema, outside_dependents, schema_oid
from sdmigrate.postgres.locks import held

MAIN = Bookkeeping()
NEVER_LIVE: tuple[ReleaseState, ...] = ("loading", "loaded", "verified")
"""States of a release that was not published yet."""


def list_releases(
    endpoint: Endpoint, schema: str, *, bookkeeping: Bookkeeping = MAIN
) -> tuple[ReleaseEntry, ...]:
    """Every release of the stable schema, oldest first; empty where sdmigrate never worked here.

    Raises:
        TargetUnreachable: the target cannot be reached.
    """
    with connect(endpoint, purpose="releases") as connection:
        if not bookkeeping.exists(connection):
            return ()
        return tuple(_entry(release) for release in bookkeeping.releases(connection, schema))


def current_live(endpoint: Endpoint, schema: str, *, bookkeeping: Bookkeeping = MAIN) -> ReleaseEntry | None:
    """The release that is live now, as the target itself recorded it; None where none of ours is.

    Raises:
        TargetUnreachable: the target cannot be reached.
    """
    with connect(endpoint, purpose="releases") as connection:
        if not bookkeeping.exists(connection) or schema_oid(connection, schema) is None:
            return None
        live = bookkeeping.live(connection, schema)
        return None if live is None else _entry(live)


def prune(
    endpoint: Endpoint,
    schema: str,
    *,
    keep: int = 1,
    never_live: bool = False,
    bookkeeping: Bookkeeping = MAIN,
    cancel: CancelSignal | None = None,
) -> tuple[str, ...]:
    """Drop the kept releases of the stable schema but for the ``keep`` youngest; returns what was dropped.

    Adopted schemas are never dropped. Releases that a killed prune left half dropped are finished.

    Args:
        endpoint: the server.
        schema: the stable schema.
        keep: how many of those that were live before stay; 0 for none.
        never_live: drop every release that was loaded and never published as well, and so what an
            unfinished run would publish.
        bookkeeping: where the releases are recorded.
        cancel: stops between two objects.

    Raises:
        UnsafeToContinue: others' objects depend on one of them, or a run is at work on the schema and
            ``never_live`` might drop what it loads; nothing was dropped.
        UsageProblem: ``keep`` is negative.
    """
    if keep < 0:
        raise UsageProblem("The number of releases to keep is negative.", "Keep 0 or more.")
    with connect(endpoint, purpose="prune") as connection, ExitStack() as stack:
        if not bookkeeping.exists(connection):
            return ()
        if never_live:
            stack.enter_context(held(endpoint, bookkeeping, schema, "command-prune"))
        releases = bookkeeping.releases(connection, schema)
        kept = [release for release in releases if release.state == "kept" and not release.adopted]
        # What was published last is what a rollback most likely wants.
        kept.sort(key=lambda release: release.published or release.created)
        chosen = kept[: len(kept) - keep] if keep else kept
        chosen += [release for release in releases if never_live and release.state in NEVER_LIVE]
        unfinished = [
            release
            for release in releases
            if release.state == "dropped" and not release.adopted and schema_oid(connection, release.name)
        ]
        names = tuple(release.name for release in (*unfinished, *chosen))
        _refuse_dependents(connection, names)
        for name in names:
            _drop(connection, bookkeeping, name, cancel)
        return names


def drop_release(
    endpoint: Endpoint,
    name: str,
    *,
    bookkeeping: Bookkeeping = MAIN,
    cancel: CancelSignal | None = None,
) -> bool:
    """Drop a release that is not live (a canary, an aborted load); False where it is not there.

    Raises:
        UnsafeToContinue: it is live, is no release of ours, or others' objects depend on it.
    """
    with connect(endpoint, purpose="drop") as connection:
        if not bookkeeping.exists(connection):
            return False
        release = bookkeeping.release(connection, name)
        if release is None and schema_oid(connection, name) is None:
            return False
        if release is None or release.adopted or release.state == "live":
            raise UnsafeToContinue(
                f"Schema {name!r} is not dropped: it is live or was not made by sdmigrate.",
                "Look at 'sdmigrate releases list'.",
            )
        return _drop(connection, bookkeeping, name, cancel)


def drop_unpublished(
    endpoint: Endpoint, name: str, run: str, *, bookkeeping: Bookkeeping, cancel: CancelSignal
) -> bool:
    """Drop what that run loaded and never published; False where it is something else, or not there.

    Raises:
        UnsafeToContinue: others' objects depend on it.
    """
    with connect(endpoint, purpose="drop") as connection:
        if not bookkeeping.exists(connection):
            return False
        release = bookkeeping.release(connection, name)
        # One that a drop was stopped in is finished.
        states = (*NEVER_LIVE, "dropped")
        if release is None or release.run != run or release.published or release.state not in states:
            return False
        return _drop(connection, bookkeeping, name, cancel)


def _drop(connection: Connection, bookkeeping: Bookkeeping, name: str, cancel: CancelSignal | None) -> bool:
    bookkeeping.mark(connection, name, "dropped")
    dropped = drop_schema(connection, name, cancel)
    bookkeeping.forget(connection, name)
    return dropped


def _refuse_dependents(connection: Connection, names: tuple[str, ...]) -> None:
    for name in names:
        others = outside_dependents(connection, name)
        if others:
            raise UnsafeToContinue(
                f"Nothing was dropped: {', '.join(others[:5])} of others depend on {name!r}.",
                "Drop or repoint them, then prune again.",
            )


def _entry(release: RecordedRelease) -> ReleaseEntry:
    published = release.published
    return ReleaseEntry(
        name=release.name,
        schema=release.stable,
        live=release.state == "live",
        state=release.state,
        run=release.run,
        created=release.created.astimezone(UTC).isoformat(),
        published=None if published is None else published.astimezone(UTC).isoformat(),
        previous=release.previous,
        rows=release.rows,
    )
