"""What patterns and arithmetic settle in DuckDB, against adding every value one by one."""

import random
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from sdmigrate.duck import wide
from sdmigrate.duck.connection import open_snapshot
from sdmigrate.duck.encoding import Carriage
from sdmigrate.model.catalog import Affinity, Column, Table
from sdmigrate.model.values import Value
from sdmigrate.rules.forms import CERTAIN, form_of
from sdmigrate.runtime.cancel import CancelToken
from tests.duck.naively import facts, make, naive, write

ROWS = 1500
UNSETTLED = 10_001
"""More than come with the counts."""
DECLARED: tuple[tuple[str, Affinity], ...] = (
    ("", "BLOB"),
    ("VARCHAR(12)", "TEXT"),
    ("DECIMAL(6,2)", "NUMERIC"),
    ("NUMERIC(3,3)", "NUMERIC"),
    ("DATETIME", "NUMERIC"),
    ("DATE TEXT", "TEXT"),
    ("JSON", "NUMERIC"),
)
TABLE = Table(
    name="settled",
    columns=tuple(
        Column(name=declared, declared_type=declared, affinity=affinity, not_null=False)
        for declared, affinity in DECLARED
    ),
)


def dated(random_: random.Random) -> str:
    """A date in one of many forms, some of them in no calendar, many at midnight."""
    day, month, year = random_.randint(0, 32), random_.randint(0, 13), random_.randint(1, 9999)
    hour, minute, second = random_.choice(
        ((0, 0, 0), (random_.randint(0, 24), random_.choice((0, 30, 59)), random_.choice((0, 7, 60))))
    )
    short = random_.choice((f"{year:04}", f"{year % 100:02}"))
    mark = random_.choice("/-.")
    width = random_.choice(("", "02"))
    name = random_.choice(("Jan", "february", "MAR", "Sept.", "Apr", "may", "December"))
    dates = (
        f"{day:{width}}{mark}{month:{width}}{mark}{short}",
        f"{month:{width}}{mark}{day:{width}}{mark}{short}",
        f"{year:04}{mark}{month:02}{mark}{day:{width}}",
        f"{year:04}-{month:02}-{day:02}",
        f"{day:{width}} {name} {year}",
        f"{day}th-{name}-{year % 100:02}",
        f"{name} {day}, {year:04}",
        f"{year:04}-{name}-{day}",
        f"Tue, {day} {name} {year:04}",
        f"Friday, {name} {day}, {year:04}",
    )
    clocks = (
        "",
        f" {hour:{width}}:{minute:02}",
        f"T{hour:02}:{minute:02}:{second:02}",
        f" {hour:02}:{minute:02}:{second:02}.{random_.choice(('0', '000', '5', '9999999', '123456'))}",
        f" {hour:{width}}:{minute:02}:{second:02}",
        f" {hour % 13}:{minute:02} {random_.choice(('AM', 'p.m.'))}",
    )
    offset = random_.choice(("", "", "", "", "", "Z", "+00:00", " +10:00", "-0330", "+05"))
    return random_.choice(dates) + random_.choice(clocks) + offset


def numbered(random_: random.Random) -> str:
    """A number with or without separators, up to more digits than a double holds."""
    whole = random_.choice((0, 1, random_.randint(0, 10 ** random_.randint(1, 17)), 20240229, 20240230000000))
    grouped = f"{whole:{random_.choice(('', ','))}}"
    digits = random_.randint(0, 6)
    fraction = "." + random_.choice((f"{random_.randint(0, 10**digits - 1):0{digits}}", "0" * digits))
    text = random_.choice(("", "", "-", "+")) + grouped + random_.choice(("", fraction if digits else ""))
    return text.translate(str.maketrans(",.", ".,")) if random_.random() < 0.5 else text


def stored(random_: random.Random) -> Value:
    """A number as SQLite stores it."""
    size = 10 ** random_.randint(0, 18)
    return random_.choice(
        (
            random_.randint(-size, size),
            random_.uniform(-size, size),
            random_.randint(-size, size) / 100,
            random_.randint(-9, 9) / 10 ** random_.randint(0, 8),
            random_.randint(19000000, 21010000),
            random_.randint(1_721_000, 5_374_000),
            random_.randint(0, 50_000) * 86_400 * random_.choice((1, 1000, 10**6)),
            2.0 ** random_.randint(50, 55),
            2 ** random_.randint(50, 55) + random_.randint(-1, 1),
        )
    )


def other(random_: random.Random) -> Value:
    """JSON, identifiers, words and text that is nothing of all that."""
    number = random_.randint(0, 10**6)
    return random_.choice(
        (
            f'{{"a": {number}, "b": [true, null, "\u00e4 {number}"]}}',
            f'[{number}, -0.5, "\\u0041"]',
            f'{{"a": {number:06}}}',
            f"{number:06}",
            f"{number % 30:02}:{number % 70:02}",
            f"{random_.getrandbits(128):032x}".upper(),
            f"{number:08X}-0000-4000-8000-{number:012X}",
            f"{{{number:08x}-0000-4000-8000-{number:012x}}}",
            f"{number} High Street",
            f"{number % 300}.{number % 7}.{number % 256}.{number % 999}",
            random_.choice(("2001:db8::", "::", "ffff:0:0:0:0:0:1:", "a:b:c:d:e:f:1:"))
            + f"{number % 65536:x}",
            f"{number % 256:02x}:a0:b6:CB:d2:1d",
            f"{random_.getrandbits(60):x}",
            f"{number}e{number % 400}",
            f"{number}k{number}",
            f"{number % 40}:{number % 60:02}:{number % 59:02}.{number}",
            f"{number % 100}%",
            random_.choice(
                ("yes", "ye\u017f", "20 \u017fep 2024", "No", " t ", "NaN", "", " ", "a\0b", "\udcff")
            ),
            number.to_bytes(4, "big"),
            None,
        )
    )


MAKERS: tuple[Callable[[random.Random], Value], ...] = (dated, numbered, stored, other)


def test_counts_of_many_forms_equal_naive_ones(tmp_path: Path) -> None:
    random_ = random.Random(3)
    path = tmp_path / "s.sqlite"
    rows = [tuple(random_.choice(MAKERS)(random_) for _ in DECLARED) for _ in range(ROWS)]
    texts = {form_of(value) for row in rows for value in row if isinstance(value, str)}
    assert sorted(CERTAIN.keys() - texts) == ["time"]
    write(path, TABLE, rows)
    evidence = {column.name: make(TABLE, column.name) for column in TABLE.columns}
    with open_snapshot(path, tmp_path) as connection:
        wide.count_values(connection, TABLE, evidence, dict.fromkeys(evidence, Carriage()), CancelToken())
    expected = naive(path, TABLE)
    for column in TABLE.columns:
        found, naively = facts(evidence[column.name]), facts(expected[column.name])
        for key, group in naively["groups"].items():
            assert found["groups"].get(key) == group, (column.declared_type, key)
        assert found == naively, column.declared_type


def test_many_values_that_no_pattern_settles_are_each_understood(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    table = replace(TABLE, columns=TABLE.columns[:2])
    write(path, table, [(f"+{number}", "yes" if number % 3 else None) for number in range(UNSETTLED)])
    evidence = {column.name: make(table, column.name) for column in table.columns}
    with open_snapshot(path, tmp_path) as connection:
        wide.count_values(connection, table, evidence, dict.fromkeys(evidence, Carriage()), CancelToken())
    assert {name: facts(found) for name, found in evidence.items()} == {
        name: facts(found) for name, found in naive(path, table).items()
    }
