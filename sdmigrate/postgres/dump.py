"""Dump and restore of a schema by PostgreSQL's own pg_dump and pg_restore.

Invariant: a password goes to the child in its environment alone, never in its arguments; a dump stands under
its name only when it is whole, and is 0600 from the moment it exists.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from sdmigrate.model.errors import Interrupted, TargetUnreachable, UnsafeToContinue
from sdmigrate.model.protocols import CancelSignal
from sdmigrate.model.settings import Endpoint
from sdmigrate.postgres.binaries import packaged
from sdmigrate.postgres.connect import SECRETS, connect

Program: TypeAlias = Literal["pg_dump", "pg_restore"]


@dataclass(frozen=True)
class ServerSeen:
    """What decides which pg_dump can serve."""

    version: int
    """server_version_num."""
    encrypted: bool
    """The connection uses TLS, which the packaged programs do not speak."""


def dump(endpoint: Endpoint, schema: str, path: Path, cancel: CancelSignal) -> None:
    """Dump the schema in pg_dump's custom format to ``path``.

    Raises:
        TargetUnreachable: no pg_dump can serve, or it failed.
        Interrupted: the disk is full.
        Aborted: the operator stopped it; no file is left.
    """
    seen = server_seen(endpoint)
    program = find_pg_dump(seen.version, encrypted=seen.encrypted)
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    pattern = '"' + schema.replace('"', '""') + '"'
    options = ["--format=custom", "--compress=1", "--strict-names", f"--schema={pattern}"]
    try:
        _run(program, [*options, f"--file={partial}"], endpoint, seen, cancel)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)


def restore(endpoint: Endpoint, schema: str, path: Path, cancel: CancelSignal) -> None:
    """Restore the dumped schema, in one transaction, into a target that has none of its name.

    Raises:
        UnsafeToContinue: a schema of that name is there.
        TargetUnreachable: no pg_restore can serve, or it failed; nothing was restored.
        Aborted: the operator stopped it; nothing was restored.
    """
    with connect(endpoint, purpose="restore") as connection:
        found = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (schema,)).fetchone()
    if found is not None:
        raise UnsafeToContinue(
            f"Schema {schema!r} is in the target already; nothing was restored over it.",
            "Rename or drop it, then restore again.",
        )
    seen = server_seen(endpoint)
    program = find_program("pg_restore", seen.version, encrypted=seen.encrypted)
    _run(program, ["--exit-on-error", "--single-transaction", str(path)], endpoint, seen, cancel)


def server_seen(endpoint: Endpoint) -> ServerSeen:
    """The server's version, and whether the connection to it is encrypted."""
    with connect(endpoint, purpose="dump") as connection:
        return ServerSeen(connection.info.server_version, connection.pgconn.ssl_in_use)


def find_pg_dump(server_version: int, *, encrypted: bool = False) -> Path:
    """The first pg_dump of PATH, then the packaged one, that is not older than the server.

    Raises:
        TargetUnreachable: there is none.
    """
    return find_program("pg_dump", server_version, encrypted=encrypted)


def find_program(name: Program, server_version: int, *, encrypted: bool = False) -> Path:
    """As ``find_pg_dump``; the packaged programs, which speak no TLS, do not count where it is used.

    Raises:
        TargetUnreachable: there is none.
    """
    major = server_version // 10000
    seen = []
    for program in _candidates(name, packaged_too=not encrypted):
        version = _major(program)
        if version is not None and version >= major:
            return program
        seen.append(f"{program} is of {version or 'no known version'}")
    raise TargetUnreachable(
        f"No {name} can serve PostgreSQL {major}{' over TLS' if encrypted else ''}"
        f" ({'; '.join(seen) or 'none was found'}).",
        f"Install PostgreSQL {major}'s client programs and put them on the PATH.",
    )


def _candidates(name: Program, *, packaged_too: bool) -> Iterator[Path]:
    for directory in os.get_exec_path():
        found = shutil.which(name, path=directory)
        if found is not None:
            yield Path(found)
    if packaged_too:
        with suppress(TargetUnreachable):
            yield packaged().program(name)


def _major(program: Path) -> int | None:
    try:
        done = subprocess.run(
            [str(program), "--version"], capture_output=True, text=True, check=False, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"\) (\d+)", done.stdout)
    return int(found.group(1)) if found else None


def _run(
    program: Path, options: list[str], endpoint: Endpoint, seen: ServerSeen, cancel: CancelSignal
) -> None:
    parameters = conninfo_to_dict(endpoint.conninfo)
    environment = dict(os.environ)
    password = parameters.get("password")
    if password is not None:
        environment["PGPASSWORD"] = str(password)
    plain = {name: value for name, value in parameters.items() if name not in SECRETS}
    plain["application_name"] = f"sdmigrate {program.name}"
    if seen.encrypted and plain.get("sslmode") in (None, "allow", "prefer"):
        # What came over TLS once does not go back in the clear.
        plain["sslmode"] = "require"
    command = [str(program), "--no-password", f"--dbname={make_conninfo('', **plain)}", *options]
    with (
        subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        ) as child,
        cancel.interrupting(child.terminate),
    ):
        _, told = child.communicate()
        cancel.raise_if_set()
    if child.returncode != 0:
        text = " / ".join(told.strip().splitlines()[-3:])
        if "No space left" in text:
            raise Interrupted(f"The disk is full: {text}", "Free some space, then 'sdmigrate resume'.")
        raise TargetUnreachable(
            f"{program.name} failed on {endpoint.described}: {text or f'exit code {child.returncode}'}",
            "Check that the role may read the whole schema.",
        )
