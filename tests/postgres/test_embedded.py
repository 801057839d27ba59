"""The embedded server: made, started, found again after a kill, stopped, thrown away."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from sdmigrate.model.errors import TargetUnreachable
from sdmigrate.model.settings import Endpoint
from sdmigrate.postgres import embedded, unprivileged
from sdmigrate.postgres.binaries import Binaries, packaged, readable_by
from sdmigrate.postgres.cluster import Cluster
from sdmigrate.postgres.connect import connect
from sdmigrate.postgres.unprivileged import recorded_place, server_account
from sdmigrate.runtime.directory import make_private_directory

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root lends the server another account")


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A work directory whose lasting server has been made; a test that breaks it makes it whole again."""
    directory = tmp_path_factory.mktemp("lasting") / "work"
    make_private_directory(directory)
    embedded.persistent(directory)
    yield directory
    embedded.stop(directory)
    unprivileged.remove_place(directory / "postgres")


@contextmanager
def written(path: Path, text: str) -> Iterator[None]:
    """The file with that text, for the time of the block."""
    before = path.read_text()
    path.write_text(text)
    try:
        yield
    finally:
        path.write_text(before)


def answer(endpoint: Endpoint, question: str) -> object:
    with connect(endpoint, purpose="test") as connection:
        for statement in question.split("; "):
            cursor = connection.execute(statement.encode())
        row = cursor.fetchone()
    assert row is not None
    return row[0]


def permissions_above(path: Path) -> dict[Path, tuple[int, int, int]]:
    return {
        parent: (found.st_mode, found.st_uid, found.st_gid)
        for parent in (path, *path.parents)
        if (found := parent.stat())
    }


def test_the_server_of_the_tests_answers(postgres: Endpoint) -> None:
    with connect(postgres, purpose="test") as connection:
        row = connection.execute(
            "SELECT current_user, current_database(), current_setting('server_version_num')::int / 10000,"
            " current_setting('TimeZone'), current_setting('server_encoding'),"
            " current_setting('listen_addresses'), 'Ä' < 'a', lower('Ä')"
        ).fetchone()
    assert row == ("sdmigrate", "sdmigrate", 18, "UTC", "UTF8", "", False, "ä")


def test_a_lasting_server_is_made_found_stopped_and_found_again(work_directory: Path) -> None:
    assert embedded.status(work_directory).initialised is False
    assert embedded.stop(work_directory) is False
    with pytest.raises(TargetUnreachable):
        embedded.dsn(work_directory)
    above = permissions_above(work_directory)
    packages = permissions_above(packaged().program("postgres"))

    first = embedded.persistent(work_directory)
    answer(first, "CREATE TABLE public.kept AS SELECT 42 AS n; SELECT n FROM public.kept")
    process = embedded.status(work_directory).process
    assert embedded.persistent(work_directory) == first
    assert embedded.status(work_directory).process == process
    assert embedded.dsn(work_directory) == first.conninfo
    assert first.described == "embedded"

    assert embedded.stop(work_directory) is True
    assert embedded.status(work_directory).running is False
    assert answer(embedded.persistent(work_directory), "SELECT n FROM public.kept") == 42
    assert permissions_above(work_directory) == above
    assert permissions_above(packaged().program("postgres")) == packages


def test_only_its_owner_reaches_the_socket(lasting: Path) -> None:
    embedded.persistent(lasting)
    data = embedded.status(lasting).data
    assert data is not None
    for private in (data, data.parent, data.parent / "socket"):
        assert stat.S_IMODE(private.stat().st_mode) == 0o700
    location = lasting / "postgres" / "location"
    assert stat.S_IMODE(location.stat().st_mode) == 0o600
    process = psutil.Process(embedded.status(lasting).process)
    assert list(process.net_connections(kind="inet")) == []


def test_a_killed_server_starts_again_though_its_number_is_taken(work_directory: Path) -> None:
    endpoint = embedded.persistent(work_directory)
    answer(endpoint, "CREATE TABLE public.kept AS SELECT 7 AS n; SELECT n FROM public.kept")
    found = embedded.status(work_directory)
    assert found.process is not None
    assert found.data is not None
    children = psutil.Process(found.process).children()
    os.kill(found.process, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(child.pid) for child in children if child.is_running()], timeout=10)
    file = found.data / "postmaster.pid"
    lines = file.read_text().split("\n")
    file.write_text("\n".join([str(os.getpid()), *lines[1:]]))

    assert embedded.status(work_directory).running is False
    assert answer(embedded.persistent(work_directory), "SELECT n FROM public.kept") == 7


def test_a_server_whose_socket_was_cleaned_away_is_started_anew(work_directory: Path) -> None:
    embedded.persistent(work_directory)
    found = embedded.status(work_directory)
    assert found.data is not None
    for path in (found.data.parent / "socket").iterdir():
        path.unlink()
    assert answer(embedded.persistent(work_directory), "SELECT 1") == 1
    assert embedded.status(work_directory).process != found.process


def test_the_lasting_server_outlives_the_process_that_started_it(work_directory: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from sdmigrate.postgres import embedded;"
        "embedded.persistent(Path(sys.argv[1]))"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code, str(work_directory)], check=True)
    assert embedded.status(work_directory).running is True
    assert answer(embedded.persistent(work_directory), "SELECT 1") == 1


def test_two_who_ask_at_once_get_one_server(work_directory: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from sdmigrate.postgres import embedded;"
        "embedded.persistent(Path(sys.argv[1])); print(embedded.status(Path(sys.argv[1])).process)"
    )
    command = [sys.executable, "-c", code, str(work_directory)]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as one,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as two,
    ):
        told = {one.communicate()[0], two.communicate()[0]}
    assert told == {f"{embedded.status(work_directory).process}\n"}


def test_a_name_too_long_or_strange_for_a_socket_gets_a_short_one(tmp_path: Path) -> None:
    directory = tmp_path / ("a,b " + "long" * 30)
    with embedded.throwaway(directory) as endpoint:
        assert answer(endpoint, "SELECT 1") == 1
        place = recorded_place(directory)
        assert place is not None
        cluster = Cluster(place, packaged(), server_account())
        socket = cluster.socket_directory()
        assert socket is not None
        assert len(os.fsencode(socket)) < 90
        assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    assert not socket.exists() or socket.is_relative_to(place)
    assert not place.exists()


def test_a_throw_away_server_is_gone_after_an_error(tmp_path: Path) -> None:
    def fail() -> None:
        with embedded.throwaway(tmp_path / "server") as endpoint:
            seen.extend((answer(endpoint, "SELECT pg_backend_pid()"), recorded_place(tmp_path / "server")))
            raise KeyError

    seen: list[object] = []
    with pytest.raises(KeyError):
        fail()
    process, place = seen
    assert isinstance(process, int)
    assert not psutil.pid_exists(process)
    assert isinstance(place, Path)
    assert not place.exists()
    assert recorded_place(tmp_path / "server") is None


def test_a_throw_away_server_ends_with_a_killed_process_and_its_files_are_removed(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from sdmigrate.postgres import embedded\n"
        "with embedded.throwaway(Path(sys.argv[1])):\n    print('up', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "server")], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "up\n"
        place = recorded_place(tmp_path / "server")
        assert place is not None
        server = Cluster(place, packaged(), server_account()).process()
        assert server is not None
        child.kill()
    server.wait(10)
    embedded.remove_throwaway(tmp_path / "server")
    assert not place.exists()


def test_a_server_that_does_not_start_says_why(lasting: Path) -> None:
    embedded.stop(lasting)
    data = embedded.status(lasting).data
    assert data is not None
    with (
        written(data / "postgresql.conf", "no_such_setting = 1\n"),
        pytest.raises(TargetUnreachable, match="no_such_setting"),
    ):
        embedded.persistent(lasting)


def test_data_of_another_version_is_told(lasting: Path) -> None:
    embedded.stop(lasting)
    data = embedded.status(lasting).data
    assert data is not None
    with (
        written(data / "PG_VERSION", "17\n"),
        pytest.raises(TargetUnreachable, match="of PostgreSQL 17"),
    ):
        embedded.persistent(lasting)


@as_root
def test_roots_server_runs_as_nobody_else_can_read(lasting: Path) -> None:
    embedded.persistent(lasting)
    found = embedded.status(lasting)
    assert found.data is not None
    assert not found.data.is_relative_to(lasting)
    assert psutil.Process(found.process).uids().real == server_account().user != 0


@as_root
def test_where_the_account_can_get_there_the_data_stays_in_the_work_directory() -> None:
    directory = Path(tempfile.mkdtemp(dir="/var/tmp"))
    try:
        directory.chmod(0o755)
        above = permissions_above(directory)
        with embedded.throwaway(directory / "server") as endpoint:
            assert answer(endpoint, "SELECT 1") == 1
            assert recorded_place(directory / "server") == directory / "server" / "server"
        assert permissions_above(directory) == above
    finally:
        shutil.rmtree(directory)


@as_root
def test_programs_the_account_cannot_read_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = tmp_path / "site"
    hidden.mkdir(mode=0o700)
    package = packaged().root.parent
    shutil.copytree(package / packaged().root.name, hidden / package.name / packaged().root.name)
    libraries = packaged().libraries
    if libraries is not None:
        shutil.copytree(libraries, hidden / libraries.relative_to(package.parent))
    monkeypatch.setattr(
        "sdmigrate.postgres.binaries.packaged", lambda: Binaries(hidden / package.name / packaged().root.name)
    )
    with embedded.throwaway(tmp_path / "server") as endpoint:
        place = recorded_place(tmp_path / "server")
        assert place is not None
        assert readable_by(server_account(), place).root.is_relative_to(place / "programs")
        assert answer(endpoint, "SELECT 1") == 1


@as_root
def test_a_place_that_somebody_else_made_is_refused(tmp_path: Path) -> None:
    taken = Path(tempfile.mkdtemp(dir="/var/tmp"))
    home = tmp_path / "home"
    home.mkdir()
    (home / "location").write_text(str(taken))
    try:
        with pytest.raises(TargetUnreachable, match="not a private directory"):
            unprivileged.private_place(home, server_account(), durable=False)
    finally:
        shutil.rmtree(taken)
