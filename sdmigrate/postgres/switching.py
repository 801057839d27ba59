"""The transaction that gives the stable name to another schema, both ways.

Invariant: names, grants and bookkeeping change in one transaction under a lock timeout, or nothing changes;
rows written into live since its publication are never left behind without being asked for.
"""

import time
from dataclasses import dataclass

import msgspec
import psycopg
from psycopg import errors, sql

from sdmigrate.model.errors import Refused, TargetUnreachable, UnsafeToContinue, UsageProblem
from sdmigrate.model.finding import Finding
from sdmigrate.model.protocols import CancelSignal
from sdmigrate.model.result import Switch
from sdmigrate.model.settings import Endpoint, Limits
from sdmigrate.postgres.bookkeeping import Bookkeeping, RecordedRelease
from sdmigrate.postgres.connect import Connection, connect, guarding, is_environment
from sdmigrate.postgres.dropping import schema_oid
from sdmigrate.postgres.grants import copy_grants
from sdmigrate.postgres.live_writes import (
    LiveWrite,
    Watched,
    blockers,
    is_unchanged,
    live_writes,
    watch,
    with_server_types,
)
from sdmigrate.postgres.locks import held, require

RETRIED = (errors.LockNotAvailable, errors.SerializationFailure, errors.DeadlockDetected)
WAIT_SECONDS = 0.1


@dataclass(frozen=True)
class Switcher:
    """A stable schema on a server, and on whose behalf its name is given to another schema."""

    endpoint: Endpoint
    bookkeeping: Bookkeeping
    stable: str
    run: str
    cancel: CancelSignal
    limits: Limits
    discard_live_writes: bool = False
    adopt: bool = False

    def publish(self, name: str) -> Switch:
        """Make the verified or kept release of that name live; nothing happens where it is live already.

        Raises:
            UnsafeToContinue: live was written to, is in use, is locked by another run, or is not ours and
                not to be adopted.
            UsageProblem: the release is not there.
            Refused: the release was not verified.
            TargetUnreachable: the role may not do it.
        """
        return self._locked(name, forward=True)

    def go_back(self, to: str | None = None) -> Switch:
        """Make the kept release ``to`` live, by default the one that was live before.

        Where nothing was live before, the stable name is only taken from live.

        Raises:
            UsageProblem: nothing of ours is live, or the release to go back to is not kept.
            UnsafeToContinue, Refused, TargetUnreachable: as ``publish``.
        """
        return self._locked(self._way_back(to), forward=False)

    def _way_back(self, to: str | None) -> str | None:
        with connect(self.endpoint, purpose="rollback") as connection:
            known = self.bookkeeping.exists(connection)
            live = self.bookkeeping.live(connection, self.stable) if known else None
            releases = self.bookkeeping.releases(connection, self.stable) if known else ()
        if live is None and to is None:
            raise UsageProblem(
                f"Nothing that sdmigrate published is live as {self.stable!r}; there is nothing to go back"
                " from.",
                "Look at 'sdmigrate releases list'.",
            )
        wanted = to or (live.previous if live is not None else None)
        kept = [release.name for release in releases if release.state == "kept"]
        if wanted is not None and wanted not in kept and (live is None or wanted != live.name):
            raise UsageProblem(
                f"The release {wanted!r} is not kept, so {self.stable!r} cannot go back to it.",
                f"Kept are: {', '.join(kept) or 'none'}; name one with --to.",
            )
        return wanted

    def _locked(self, name: str | None, *, forward: bool) -> Switch:
        with held(self.endpoint, self.bookkeeping, self.stable, self.run) as taken:
            switch = self._switch(name, forward=forward)
        if taken.taken_over_from is None:
            return switch
        told = _finding(
            "lock-taken-over",
            "info",
            f"The lock on {self.stable!r} was taken over from run {taken.taken_over_from}, which is dead.",
            "Look at that run with 'sdmigrate runs'.",
        )
        return msgspec.structs.replace(switch, findings=(*switch.findings, told))

    def _switch(self, name: str | None, *, forward: bool) -> Switch:
        with connect(self.endpoint, purpose="cutover") as connection:
            live = self.bookkeeping.live(connection, self.stable)
            if name is not None and live is not None and live.name == name:
                return Switch(schema=self.stable, release=name, previous=live.previous, milliseconds=0.0)
            self._wait_for_old_transactions(connection)
            with guarding(self.cancel, connection):
                watched = self._watch(connection, live)
            for attempt in range(1, self.limits.lock_attempts + 1):
                self.cancel.raise_if_set()
                try:
                    with guarding(self.cancel, connection):
                        return self._attempt(connection, name, watched, forward=forward)
                except errors.InsufficientPrivilege as error:
                    raise _not_allowed(self.stable, error) from error
                except psycopg.Error as error:
                    if not _is_retried(error) or is_environment(error, connection):
                        raise
                    if attempt == self.limits.lock_attempts:
                        raise self._blocked(connection) from error
                    time.sleep(WAIT_SECONDS * attempt)
        raise AssertionError("lock_attempts is at least 1")

    def _attempt(
        self, connection: Connection, name: str | None, watched: Watched | None, *, forward: bool
    ) -> Switch:
        connection.execute(
            sql.SQL("SELECT set_config('lock_timeout', {}, false)").format(
                sql.Literal(f"{self.limits.lock_timeout_ms}ms")
            )
        )
        with connection.transaction():
            started = time.perf_counter()
            require(connection, self.bookkeeping, self.stable, self.run)
            live = self.bookkeeping.live(connection, self.stable)
            lock_tables(connection, self.stable)
            findings = self._consider_writes(connection, live, watched)
            kept = self._set_aside(connection, live)
            if name is not None:
                self._bring_in(connection, name, kept)
                self.bookkeeping.publish(connection, name)
                if forward:
                    self.bookkeeping.record_previous(connection, name, kept)
        return Switch(
            schema=self.stable,
            release=name,
            previous=kept,
            milliseconds=(time.perf_counter() - started) * 1000,
            findings=findings,
        )

    def _watch(self, connection: Connection, live: RecordedRelease | None) -> Watched | None:
        """Read live before it is locked; what was written is told here, so that nobody has to wait for it."""
        if live is None or not live.digests or schema_oid(connection, self.stable) is None:
            return None
        watched = watch(connection, self.stable, live)
        self._require_leave(live, watched.writes)
        return watched

    def _consider_writes(
        self, connection: Connection, live: RecordedRelease | None, watched: Watched | None
    ) -> tuple[Finding, ...]:
        if live is None or schema_oid(connection, self.stable) is None:
            return ()
        if not live.digests:
            told = f"Live {self.stable!r} was adopted: whether rows were written since cannot be told."
            advice = "What it holds is kept with it under its own name."
            return (_finding("live-writes-unknown", "info", told, advice),)
        if watched is not None and is_unchanged(connection, self.stable, watched):
            writes = watched.writes
        else:
            writes = live_writes(connection, self.stable, live)
        self._require_leave(live, writes)
        return tuple(
            _finding(
                "live-writes-left",
                "warning",
                f"Written into live since its publication and now only in {live.name}: {write}."
                if write.certain
                else f"What was written into live, if anything, is now only in {live.name}: {write}.",
                f"They are kept in {live.name} until it is pruned; 'sdmigrate releases export' writes them to"
                " a file.",
                count=abs(write.rows_now - write.rows_published),
                table=write.table,
            )
            for write in writes
        )

    def _require_leave(self, live: RecordedRelease, writes: tuple[LiveWrite, ...]) -> None:
        if writes and not self.discard_live_writes:
            verb = "has" if any(write.certain for write in writes) else "may have"
            raise UnsafeToContinue(
                f"Live {self.stable!r} {verb} been written to since {live.published:%Y-%m-%d %H:%M} UTC:"
                f" {_told(writes)}.",
                "Bring those rows into the source, or export them with 'sdmigrate releases export';"
                f" --discard-live-writes leaves them behind in {live.name}.",
            )

    def _set_aside(self, connection: Connection, live: RecordedRelease | None) -> str | None:
        """Give live its own name back; returns that name, None where nothing is live."""
        if schema_oid(connection, self.stable) is None:
            if live is not None:
                self.bookkeeping.mark(connection, live.name, "dropped")
            return None
        name = live.name if live is not None else self._adopted(connection)
        _rename(connection, self.stable, name)
        self.bookkeeping.mark(connection, name, "kept")
        return name

    def _adopted(self, connection: Connection) -> str:
        if not self.adopt:
            raise UnsafeToContinue(
                f"Schema {self.stable!r} is there and was not published by sdmigrate.",
                f"With --adopt it is kept as {self.stable}__r0 and can be rolled back to.",
            )
        name = f"{self.stable}__r0"
        self.bookkeeping.register_adopted(connection, name=name, stable=self.stable)
        return name

    def _bring_in(self, connection: Connection, name: str, kept: str | None) -> None:
        found = self.bookkeeping.release(connection, name)
        if found is None or schema_oid(connection, name) is None:
            raise UsageProblem(
                f"The release {name!r} is not in the target.", "Look at 'sdmigrate releases list'."
            )
        if found.state not in ("verified", "kept"):
            raise Refused(
                f"The release {name!r} is {found.state}, not verified; it cannot become live.",
                "Verify it first: 'sdmigrate verify'.",
            )
        if kept is not None:
            copy_grants(connection, kept, name)
        if found.published is None:
            digests = with_server_types(connection, name, found.digests)
            self.bookkeeping.record_digests(connection, name, digests)
        _rename(connection, name, self.stable)

    def _wait_for_old_transactions(self, connection: Connection) -> None:
        """Wait for the transactions that are at live now; later ones are young enough to see all rows."""
        first = blockers(connection, self.stable)
        deadline = time.monotonic() + self.limits.lock_timeout_ms * self.limits.lock_attempts / 1000
        open_still = {blocker.virtual_transaction for blocker in first}
        while open_still:
            if time.monotonic() > deadline:
                raise self._blocked(connection)
            self.cancel.raise_if_set()
            time.sleep(WAIT_SECONDS)
            open_still &= {blocker.virtual_transaction for blocker in blockers(connection, self.stable)}

    def _blocked(self, connection: Connection) -> UnsafeToContinue:
        names = [blocker.description for blocker in blockers(connection, self.stable)]
        return UnsafeToContinue(
            f"The tables of {self.stable!r} are in use and nothing was switched:"
            f" {'; '.join(names[:5]) or 'a lock could not be had in time'}.",
            "Let these transactions end, or end them, and try again.",
        )


def lock_tables(connection: Connection, schema: str) -> None:
    """Keep writers out of the schema's tables until the transaction ends; readers go on."""
    tables = connection.execute(
        "SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace"
        " WHERE nspname = %s AND relkind IN ('r', 'p') ORDER BY pg_class.oid",
        (schema,),
    ).fetchall()
    if tables:
        names = sql.SQL(", ").join(sql.Identifier(schema, table) for (table,) in tables)
        connection.execute(sql.SQL("LOCK TABLE {} IN SHARE MODE").format(names))


def _rename(connection: Connection, old: str, new: str) -> None:
    try:
        connection.execute(
            sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(new))
        )
    except errors.DuplicateSchema as error:
        raise UnsafeToContinue(
            f"Schema {old!r} cannot be renamed to {new!r}: a schema of that name is there already.",
            f"Rename or drop {new!r}; sdmigrate did not expect it.",
        ) from error


def _is_retried(error: psycopg.Error) -> bool:
    if isinstance(error, errors.InternalError_):
        return "concurrently updated" in str(error)
    return isinstance(error, RETRIED)


def _not_allowed(stable: str, error: psycopg.Error) -> TargetUnreachable:
    return TargetUnreachable(
        f"The role may not switch {stable!r}: {error.diag.message_primary}.",
        "It needs to own both schemas and their tables (or be a member of the owner) and CREATE on the"
        " database.",
    )


def _told(writes: tuple[LiveWrite, ...]) -> str:
    shown = "; ".join(str(write) for write in writes[:10])
    return shown if len(writes) <= 10 else f"{shown}; and {len(writes) - 10} more tables"


def _finding(
    code: str,
    severity: str,
    message: str,
    advice: str,
    *,
    count: int = 1,
    table: str | None = None,
) -> Finding:
    return Finding(
        code=code,
        severity="warning" if severity == "warning" else "info",
        table=table,
        column=None,
        count=count,
        message=message,
        advice=advice,
    )
