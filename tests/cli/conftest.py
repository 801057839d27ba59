"""What the command's tests share: one small demo database, one server, a work directory for each test."""

from pathlib import Path

import pytest

from sdmigrate.demo.database import write_demo


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small demo database; nobody may write to it."""
    path = tmp_path_factory.mktemp("desk") / "desk.sqlite"
    write_demo(path, rows=1_500, seed=5)
    return path


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A work directory that is not there yet."""
    return tmp_path / "work"
