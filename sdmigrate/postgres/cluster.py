"""One PostgreSQL data directory of our own: initialise, start, stop.

Invariant: the server listens on a Unix socket in a 0700 directory and nowhere else; a data directory stands
under its final name only when it is whole.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from psycopg import sql
from psycopg.conninfo import make_conninfo

from sdmigrate.model.errors import TargetUnreachable
from sdmigrate.model.settings import Endpoint
from sdmigrate.postgres.binaries import Binaries
from sdmigrate.postgres.connect import connect
from sdmigrate.postgres.unprivileged import Account, clean_environment

ROLE = "sdmigrate"
DATABASE = "sdmigrate"

SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 103 if sys.platform == "darwin" else 107
"""Bytes, the socket's name included (sun_path less its closing NUL)."""

START_SECONDS = 60
"""Recovery after a kill may take a while; a start without it takes a fifth of a second."""
STOP_SECONDS = 60

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "40",
    "max_locks_per_transaction": "256",
    "shared_buffers": "128MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    # No replica reads this server: COPY into a table of the same transaction then writes no WAL.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "wal_compression": "on",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For a server whose data is thrown away."""

BACKGROUND = 'log=$1; shift; "$@" </dev/null >>"$log" 2>&1 & echo $!'
"""Starts the server as nobody's child, so that it outlives us."""

TETHERED = f"{BACKGROUND}; server=$!; read -r _; kill -QUIT $server; wait $server"
"""Starts the server and stops it as soon as our end of the pipe is closed, however we end."""


@dataclass(frozen=True)
class Cluster:
    """A data directory in ``place``, the programs that serve it and the account they run as."""

    place: Path
    binaries: Binaries
    account: Account

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.place / "data"

    @property
    def log(self) -> Path:
        """What the server wrote."""
        return self.place / "server.log"

    def initialise(self) -> None:
        """Make the data directory where it is missing.

        Raises:
            TargetUnreachable: initdb failed, or the data is of another version of PostgreSQL.
        """
        if self.data.exists():
            self._check_version()
            return
        partial = self.place / "data.partial"
        shutil.rmtree(partial, ignore_errors=True)
        options = "--auth=trust --encoding=UTF8 --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8"
        done = self.account.run(
            [
                str(self.binaries.program("initdb")),
                f"--pgdata={partial}",
                f"--username={ROLE}",
                *options.split(),
                "--no-instructions",
                "--no-sync",
            ]
        )
        if done.returncode != 0:
            raise TargetUnreachable(
                f"The embedded PostgreSQL could not be initialised: {_last_lines(done.stdout)}",
                "Look at the message; a missing library is installed by the system's package manager.",
            )
        partial.rename(self.data)

    def _check_version(self) -> None:
        data = (self.data / "PG_VERSION").read_text().strip()
        program = self.account.run([str(self.binaries.program("postgres")), "--version"]).stdout
        found = re.search(r"\d+", program)
        if found is None or found.group() != data:
            raise TargetUnreachable(
                f"The embedded server's data in {self.data} is of PostgreSQL {data}; the installed one is"
                f" {program.strip() or 'broken'}.",
                "Dump it with that version, or choose another --work-dir.",
            )

    def process(self) -> psutil.Process | None:
        """The running server, or None; a stale postmaster.pid counts for nothing."""
        try:
            first = (self.data / "postmaster.pid").read_text().split("\n", 1)[0]
            process = psutil.Process(int(first))
            command = process.cmdline()
        except (FileNotFoundError, ValueError, psutil.Error):
            return None
        return process if str(self.data) in command else None

    def socket_directory(self) -> Path | None:
        """Where the running server, or the last one that was killed, listens."""
        try:
            lines = (self.data / "postmaster.pid").read_text().split("\n")
        except FileNotFoundError:
            return None
        return Path(lines[4]) if len(lines) > 4 and lines[4] else None

    def answers(self) -> bool:
        """Whether the server runs and its socket is there, which cleaners of temporary files may remove."""
        directory = self.socket_directory()
        return self.process() is not None and directory is not None and (directory / SOCKET_NAME).exists()

    def start(self, *, durable: bool) -> subprocess.Popen[bytes] | None:
        """Start the server and wait until it answers; a tethered one (not durable) ends with us.

        Returns:
            For a tethered server the process that holds it: close its stdin to stop it.

        Raises:
            TargetUnreachable: it does not start; the message has the end of its log.
        """
        self._forget_the_dead()
        settings = SETTINGS | ({} if durable else NOT_DURABLE)
        settings["unix_socket_directories"] = str(self._make_socket_directory())
        command = [str(self.binaries.program("postgres")), "-D", str(self.data)]
        command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        script = BACKGROUND if durable else TETHERED
        arguments = ["/bin/sh", "-c", script, "sh", str(self.log), *command]
        holder = subprocess.Popen(
            arguments,
            user=self.account.user,
            group=self.account.group,
            extra_groups=None if self.account.is_ours else [],
            umask=0o077,
            cwd="/",
            env=clean_environment(),
            stdin=subprocess.DEVNULL if durable else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        if holder.stdout is None:
            raise AssertionError("stdout is a pipe")
        with holder.stdout as told:
            server = told.readline().strip()
        if durable:
            holder.wait()
        try:
            self._wait_until_ready(int(server))
            self._create_database()
        except BaseException:
            if not durable:
                self.release(holder)
            raise
        return None if durable else holder

    def release(self, holder: subprocess.Popen[bytes]) -> None:
        """Stop a tethered server at once, its data being worthless, and wait for its end."""
        socket_directory = self.socket_directory()
        if holder.stdin is not None:
            holder.stdin.close()
        holder.wait()
        self._remove_short(socket_directory)

    def stop(self) -> bool:
        """Stop the server in good order, its clients disconnected; False where none runs.

        Raises:
            TargetUnreachable: it does not end.
        """
        process = self.process()
        socket_directory = self.socket_directory()
        if process is not None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(STOP_SECONDS)
            except psutil.TimeoutExpired:
                raise TargetUnreachable(
                    f"The embedded server (process {process.pid}) has not stopped for {STOP_SECONDS} s.",
                    f"Look at {self.log}.",
                ) from None
        self._remove_short(socket_directory)
        return process is not None

    def endpoint(self, database: str = DATABASE) -> Endpoint:
        """How to reach the running server.

        Raises:
            TargetUnreachable: it does not run.
        """
        directory = self.socket_directory()
        if directory is None:
            raise TargetUnreachable(
                "The embedded server does not run.", "Start a run with --target embedded."
            )
        conninfo = make_conninfo(
            host=str(directory),
            port=5432,
            user=ROLE,
            dbname=database,
            # Said here so that no PG* variable meant for another server is asked.
            sslmode="disable",
            gssencmode="disable",
            channel_binding="disable",
            target_session_attrs="any",
        )
        return Endpoint(conninfo=conninfo, described="embedded", embedded=True)

    def _create_database(self) -> None:
        with connect(self.endpoint("postgres"), purpose="start") as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
            if found.fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))

    def _wait_until_ready(self, server: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and _is_alive(server):
            if self.process() is not None and self._says_ready():
                return
            time.sleep(0.01)
        raise TargetUnreachable(
            f"The embedded PostgreSQL does not start: {_last_lines(self._read_log())}",
            f"Look at {self.log}.",
        )

    def _says_ready(self) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().split("\n")
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready"

    def _read_log(self) -> str:
        try:
            return self.log.read_text(errors="replace")
        except OSError:
            return "it wrote no log"

    def _forget_the_dead(self) -> None:
        """PostgreSQL takes a stale file for a running server where another process has got its number."""
        directory = self.socket_directory()
        if directory is not None and self.process() is None:
            self._remove_short(directory)
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _make_socket_directory(self) -> Path:
        directory = self.place / "socket"
        # libpq takes a comma for the end of a host name, the server for the end of a directory.
        plain = re.fullmatch(r"/[\w./+=:-]*", str(directory), re.ASCII)
        if plain and len(os.fsencode(directory / SOCKET_NAME)) <= LONGEST_SOCKET_PATH:
            self.account.make_directory(directory)
            return directory
        short = Path(tempfile.mkdtemp(prefix="sdmigrate-", dir=self._short_parent()))
        if self.account.user is not None and self.account.group is not None:
            os.chown(short, self.account.user, self.account.group)
        return short

    def _short_parent(self) -> Path:
        temporary = Path(tempfile.gettempdir())
        fits = len(os.fsencode(temporary)) + len("/sdmigrate-12345678/") + len(SOCKET_NAME)
        usable = fits <= LONGEST_SOCKET_PATH and self.account.can_read(temporary)
        return temporary if usable else Path("/tmp")  # noqa: S108 - mkdtemp's names are random

    def _remove_short(self, directory: Path | None) -> None:
        if directory is not None and directory.name.startswith("sdmigrate-"):
            shutil.rmtree(directory, ignore_errors=True)


def _is_alive(number: int) -> bool:
    try:
        return bool(psutil.Process(number).status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _last_lines(text: str) -> str:
    return " / ".join(line.strip() for line in text.strip().splitlines()[-5:])
