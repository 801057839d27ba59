"""A small source that asks for a type, a date order, and what becomes of empties and duplicates."""

import sqlite3
from contextlib import closing
from pathlib import Path

_DAYS = [f"2025-05-{day:02d}" for day in range(1, 31)]


def write_visits(path: Path) -> None:
    """31 visits: 21 with a day that may be a month, 3 with an empty price, 2 on one day in two spellings."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE TABLE visits"
            "(id INTEGER PRIMARY KEY, day TEXT UNIQUE, due TIMESTAMP, paid INTEGER, code TEXT)"
        )
        connection.executemany(
            "INSERT INTO visits(day, due, paid, code) VALUES (?, ?, ?, ?)",
            [
                (
                    day,
                    "03/04/2025" if place % 3 else "2025-04-01",
                    "" if place % 10 == 0 else place,
                    str(place),
                )
                for place, day in enumerate(_DAYS)
            ]
            + [("20/05/2025", "05/06/2025", 7, "31")],
        )
        connection.commit()
