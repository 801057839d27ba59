"""What nobody else may see: passwords nowhere, values not in the log, files and directories private."""

import stat
import subprocess
import threading
from pathlib import Path

import psutil

from sdmigrate.model.settings import Endpoint
from tests.cli.calling import call, command

PASSWORD = "s3cr3t-Passw0rd"


def with_password(postgres: Endpoint) -> str:
    """The server asks for none, so that any is accepted."""
    return f"{postgres.conninfo} password={PASSWORD}"


def everything_in(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())


def test_a_password_is_warned_of_and_goes_nowhere(
    shop: Path, postgres: Endpoint, schema_name: str, work: Path
) -> None:
    asked = ("migrate", shop, "--target", with_password(postgres), "--schema", schema_name)
    # Twice, so that the second run dumps the first's live schema in a process of its own.
    for _ in range(2):
        seen: set[str] = set()
        with subprocess.Popen(
            command(*asked, "--confirm", schema_name, "--json", "--work-dir", work),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            ended = threading.Event()
            watcher = threading.Thread(target=watch_children, args=(process.pid, seen, ended))
            watcher.start()
            out, err = process.communicate()
            ended.set()
            watcher.join()
        assert process.returncode == 0, err.decode()
        assert b"warning: the target holds a password" in err
        assert PASSWORD.encode() not in out + err + everything_in(work)
    assert any("pg_dump" in line for line in seen)
    assert not any(PASSWORD in line for line in seen)


def watch_children(parent: int, seen: set[str], ended: threading.Event) -> None:
    """Collect the command lines of all that the process starts.

    A child that has not begun its own program yet still shows the line that the operator typed.
    """
    typed = psutil.Process(parent).cmdline()
    while not ended.wait(0.005):
        try:
            for child in psutil.Process(parent).children(recursive=True):
                if (line := child.cmdline()) != typed:
                    seen.add(" ".join(line))
        except psutil.Error:
            continue


def test_the_log_of_an_error_holds_neither_password_nor_values(shop: Path, work: Path) -> None:
    target = f"host=/nowhere password={PASSWORD}"
    called = call(
        *("migrate", shop, "--target", target, "--schema", "a", "--confirm", "a", "--work-dir", work)
    )
    assert called.code == 3
    log = next(work.glob("runs/*/log.jsonl")).read_text("utf-8")
    # The traceback is there, its frames' variables are not.
    assert '"lineno"' in log
    assert PASSWORD not in log + called.out + called.err
    assert "locals" not in log


def test_a_password_in_a_string_that_is_none(shop: Path, work: Path) -> None:
    for target in (f"postgresql://u:{PASSWORD}@[::1", f"host=x password={PASSWORD} nonsense=1"):
        called = call(
            *("migrate", shop, "--target", target, "--schema", "a", "--confirm", "a", "--work-dir", work)
        )
        assert called.code == 2
        assert PASSWORD not in called.out + called.err


def test_files_and_directories_are_private(
    shop: Path, postgres: Endpoint, schema_name: str, work: Path
) -> None:
    target = ("--target", postgres.conninfo, "--schema", schema_name, "--confirm", schema_name)
    assert call("migrate", shop, *target, "--work-dir", work).code == 0
    for path in (work, *work.rglob("*")):
        expected = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.lstat().st_mode) == expected, path
