"""A table whose values are of many forms and storage classes, a quarter of them strays, and its profile.

Invariant: the same rows every time, every text valid UTF-8, so that a plain read gets through.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

from sdmigrate.model.settings import Request
from sdmigrate.model.values import Value
from sdmigrate.pipeline.messages import Begin
from sdmigrate.pipeline.run import opened_run
from sdmigrate.runtime.cancel import CancelToken
from tests.bench import floors
from tests.bench.measuring import Measure, measured

ROWS = 60_000
DECLARED = (
    "TIMESTAMP",
    "DATETIME",
    "INTEGER",
    "REAL",
    "NUMERIC",
    "DECIMAL(10,2)",
    "JSON",
    "TEXT",
    "UUID",
    "",
)
TWICE = DECLARED * 2
"""Twenty columns."""


def write_dirty(path: Path) -> None:
    """The file, with one table ``dirty``."""
    random = Random(7)
    columns = ", ".join(f"c{number} {declared}" for number, declared in enumerate(TWICE))
    marks = ", ".join("?" * len(TWICE))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"CREATE TABLE dirty({columns})")
        connection.executemany(
            f"INSERT INTO dirty VALUES ({marks})",
            ([_value(random, number % len(DECLARED)) for number in range(len(TWICE))] for _ in range(ROWS)),
        )


def _value(random: Random, kind: int) -> Value:
    whole = random.randrange(10**7)
    if random.random() < 0.25:
        strays = (
            None,
            "",
            " ",
            "N/A",
            "-",
            "0000-00-00",
            "31/02/2021",
            b"\0\xff",
            whole,
            whole / 7,
            f"x{whole}",
        )
        return random.choice(strays)
    year, month, day = random.randint(1995, 2029), random.randint(1, 12), random.randint(1, 28)
    clock = f"{whole % 24:02}:{whole % 60:02}"
    dates = (f"{day:02}/{month:02}/{year} {clock}", f"{year}{month:02}{day:02}", f"{day} May {year}")
    values: tuple[Value, ...] = (
        f"{year}-{month:02}-{day:02} {clock}:00",
        random.choice((*dates, f"{year}-{month:02}-{day:02}T{clock}:00Z")),
        str(whole),
        f"{whole % 9999},{day:02}",
        f"{whole:,}.{day:02}",
        random.choice((f"${whole}", whole / 100)),
        f'{{"a": {whole}}}',
        f"user.{whole}@example.org",
        f"{random.getrandbits(32):08x}-0000-4000-8000-{random.getrandbits(48):012x}",
        random.choice((whole, whole / 8, clock, "yes", "no")),
    )
    return values[kind]


def measure_dirty(directory: Path) -> tuple[Measure, Measure]:
    """The profile of such a file, and a plain read of it."""
    source = directory / "dirty.sqlite"
    write_dirty(source)
    request = Request(mode="inspect", source=str(source), target=None, schema=None)
    begin = Begin(request=request, work_directory=str(directory / "dirty-work"), conninfo=None)
    with measured("dirty read") as read:
        floors.read_everything(source, ("dirty",))
    with opened_run(begin, CancelToken()) as run:
        while (stage := run.journey.following) is not None:
            with measured(stage) as measure:
                run.journey.advance()
            if stage == "profile":
                profile = measure
    return profile, read
