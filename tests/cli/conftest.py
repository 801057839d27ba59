"""What the command's tests share: a demo database, a quicker small one, a work directory for each test."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sdmigrate.demo.database import write_demo


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small demo database; nobody may write to it."""
    path = tmp_path_factory.mktemp("desk") / "desk.sqlite"
    write_demo(path, rows=1_500, seed=5)
    return path


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two tables of 40 and 80 rows with something to repair; nobody may write to it."""
    path = tmp_path_factory.mktemp("shop") / "shop.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE buyers(id INTEGER PRIMARY KEY, name TEXT, age INTEGER)")
        connection.execute("CREATE TABLE orders(id INTEGER PRIMARY KEY, buyer REFERENCES buyers, price REAL)")
        buyers = [(number, f"Buyer {number}", "" if number == 7 else 20 + number) for number in range(1, 41)]
        connection.executemany("INSERT INTO buyers VALUES (?, ?, ?)", buyers)
        orders = [(number, 1 + number % 40, number / 4) for number in range(1, 81)]
        connection.executemany("INSERT INTO orders VALUES (?, ?, ?)", orders)
    return path


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A work directory that is not there yet."""
    return tmp_path / "work"
