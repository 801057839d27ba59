"""Runs are directories of their own, for their owner, one process at a time."""

from pathlib import Path

import pytest

from sdmigrate.model.errors import UnsafeToContinue, UsageProblem
from sdmigrate.runtime.journal import Journal
from sdmigrate.runtime.runs import find_run, is_locked, locked, new_run_directory, run_directories


def test_two_runs_of_one_second_differ(tmp_path: Path) -> None:
    first, first_started = new_run_directory(tmp_path, Path("/data/app.db"))
    second, second_started = new_run_directory(tmp_path, Path("/data/other.db"))
    assert first.run_id[:16] != second.run_id[:16]
    assert first_started != second_started
    assert first.run_id.endswith("-app.db")


def test_directories_are_private(tmp_path: Path) -> None:
    directory, _ = new_run_directory(tmp_path / "work", Path("app.db"))
    for path in (tmp_path / "work", tmp_path / "work" / "runs", directory.path, directory.scratch):
        assert path.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["[/red].db", "a b\n.db", "..", "日本.db", "x" * 250, "-rf"])
def test_a_hostile_file_name_makes_a_plain_run_name(tmp_path: Path, name: str) -> None:
    directory, _ = new_run_directory(tmp_path, Path("/data") / name)
    assert directory.path.parent == tmp_path / "runs"
    assert all(
        character.isascii() and (character.isalnum() or character in "._-") for character in directory.run_id
    )


def test_a_run_is_found_by_its_beginning(tmp_path: Path) -> None:
    directory, _ = new_run_directory(tmp_path, Path("app.db"))
    Journal.create(directory.journal).close()
    assert run_directories(tmp_path) == (directory,)
    assert find_run(tmp_path, directory.run_id[:12]) == directory
    assert find_run(tmp_path, str(directory.path)) == directory
    with pytest.raises(UsageProblem, match="no run"):
        find_run(tmp_path, "1999")


def test_one_process_holds_a_run(tmp_path: Path) -> None:
    directory, _ = new_run_directory(tmp_path, Path("app.db"))
    with locked(directory):
        assert is_locked(directory)
        with pytest.raises(UnsafeToContinue, match="Another sdmigrate"), locked(directory):
            pass
    assert not is_locked(directory)
