"""The profile's counts against a plain count in Python: every storage class, affinity and kind of table."""

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sdmigrate.model.profile import ColumnProfile
from sdmigrate.model.values import Value, stored
from sdmigrate.stages.profile import profile
from tests.conftest import MakeContext
from tests.rules.values import numbers, values
from tests.stages.test_profile import snapshot_of

SPACES = " \t\n\r\f\v"
DECLARED = ("", "TEXT", "VARCHAR(5)", "INTEGER", "REAL", "DECIMAL(10,2)", "TIMESTAMP", "JSON", "BLOB", "UUID")
"""Every affinity, and every interest that a declaration can have."""
INTEGERS = {"smallint": 15, "integer": 31, "bigint": 63}
"""Type -> bits beside the sign."""

ALIKE: list[tuple[Value, ...]] = [
    (value,) * len(DECLARED) for value in (1, 1.0, "1", b"1", None, "1.0", " 1")
]
"""Values that are equal to a careless comparison."""

BLANK: list[tuple[Value, ...]] = [(text,) * len(DECLARED) for text in (" ", "\n", "\f", "", "a")]

rows = st.one_of(
    st.lists(st.tuples(*[st.one_of(st.none(), values)] * len(DECLARED)), max_size=10),
    st.lists(st.tuples(*[st.one_of(st.none(), numbers)] * len(DECLARED)), max_size=10),
)


def decoded(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def is_utf8(text: str) -> bool:
    return not any("\udc80" <= letter <= "\udcff" for letter in text)


def write(path: Path, data: list[tuple[Value, ...]], encoding: str, rowless: bool, stored_too: str) -> None:
    path.unlink(missing_ok=True)
    names = [f"c{number}" for number in range(len(DECLARED))]
    columns = ", ".join(f"{name} {type_}" for name, type_ in zip(names, DECLARED, strict=True))
    generated = ", ".join(f"g{name} AS ({name}) {stored_too}" for name in names[:3])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"PRAGMA encoding = '{encoding}'")
        ending = ", PRIMARY KEY(k)) WITHOUT ROWID" if rowless else ")"
        connection.execute(f"CREATE TABLE t(k INTEGER NOT NULL, {columns}, {generated}{ending}")
        marks = ", ".join(["?"] * (len(names) + 1))
        for number, row in enumerate(data):
            connection.execute(
                f"INSERT INTO t(k, {', '.join(names)}) VALUES ({marks})",
                (
                    number,
                    *(None if isinstance(value, str) and not is_utf8(value) else value for value in row),
                ),
            )
        # What no driver binds, where the encoding can hold it at all.
        for number, row in enumerate(data):
            for name, value in zip(names, row, strict=True):
                if isinstance(value, str) and not is_utf8(value) and encoding == "UTF-8":
                    connection.execute(
                        f"UPDATE t SET {name} = CAST(? AS TEXT) WHERE k = ?",
                        (value.encode("utf-8", "surrogateescape"), number),
                    )


def naive(path: Path, column: str) -> dict[str, Any]:
    with closing(sqlite3.connect(path)) as connection:
        connection.text_factory = decoded
        found = connection.execute(f"SELECT typeof({column}), {column} FROM t").fetchall()
    kinds = Counter(kind for kind, _ in found)
    present = [(kind, value) for kind, value in found if value is not None]
    texts = [value for kind, value in present if kind == "text"]
    blobs = [value for kind, value in present if kind == "blob"]
    reals = [value for kind, value in present if kind == "real"]
    finite = [value for value in reals if abs(value) != float("inf")]
    found_numbers = [value for kind, value in present if kind in ("integer", "real")]
    return {
        "rows": len(found),
        "nulls": kinds["null"],
        "classes": [kinds[kind] for kind in ("integer", "real", "text", "blob")],
        "empties": texts.count(""),
        "blanks": sum(bool(text) and not text.strip(SPACES) for text in texts),
        "distinct": len(set(present)),
        "longest_characters": max(map(len, texts), default=0),
        "longest_bytes": max(
            [len(text.encode("utf-8", "surrogateescape")) for text in texts] + list(map(len, blobs)),
            default=0,
        ),
        "nul_texts": sum("\0" in text for text in texts),
        "invalid_utf8": sum(not is_utf8(text) for text in texts),
        "infinite": len(reals) - len(finite),
        "non_integral": sum(not value.is_integer() for value in finite),
        "top": sorted(Counter(present).values(), reverse=True)[:5],
        "formed": len(present) - sum(not text.strip(SPACES) for text in texts),
        "bounds": (min(found_numbers), max(found_numbers)) if found_numbers else None,
        "text_bounds": (stored(min(texts)).text, stored(max(texts)).text) if texts else None,
        "integers": _whole(found_numbers) if not texts and not blobs else None,
    }


def _whole(found_numbers: list[float]) -> dict[str, int]:
    """How many of the numbers each type of integers holds."""
    exact = [
        value
        for value in found_numbers
        if isinstance(value, int) or (value.is_integer() and abs(value) < 2**53)
    ]
    return {type_: sum(-(2**bits) <= value < 2**bits for value in exact) for type_, bits in INTEGERS.items()}


def profiled(column: ColumnProfile) -> dict[str, Any]:
    fields = (
        *("rows", "nulls", "empties", "blanks", "distinct", "longest_characters", "longest_bytes"),
        *("nul_texts", "invalid_utf8", "infinite", "non_integral"),
    )
    classes, numeric = column.classes, column.classes.integer + column.classes.real
    bounds = (column.minimum, column.maximum)
    shown = tuple(bound.text for bound in bounds if bound is not None) or None
    fitting = {one.type: one.fits for one in column.candidates}
    return {field: getattr(column, field) for field in fields} | {
        "classes": [classes.integer, classes.real, classes.text, classes.blob],
        "top": [top.count for top in column.top],
        "formed": sum(column.forms.values()),
        "bounds": tuple(_number(text) for text in shown) if shown and numeric else None,
        "text_bounds": shown,
        "integers": None
        if classes.text or classes.blob
        else {type_: fitting.get(type_, 0) for type_ in INTEGERS},
    }


def _number(text: str) -> float:
    return float(text) if any(letter in text for letter in ".einf") else int(text)


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16le", "UTF-16be"])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(data=ALIKE, rowless=False, generated="VIRTUAL")
@example(data=ALIKE, rowless=True, generated="STORED")
@example(data=BLANK, rowless=False, generated="VIRTUAL")
@given(data=rows, rowless=st.booleans(), generated=st.sampled_from(("VIRTUAL", "STORED")))
def test_counts_equal_a_plain_count(
    tmp_path: Path,
    make_context: MakeContext,
    encoding: str,
    data: list[tuple[Value, ...]],
    rowless: bool,
    generated: str,
) -> None:
    path = tmp_path / "snapshot.sqlite"
    write(path, data, encoding, rowless, generated)
    found = profile(make_context(tmp_path, "inspect"), snapshot_of(path)).table("t")
    assert {column.name for column in found.columns} >= {"k", "c0", "c9", "gc0", "gc2"}
    for column in found.columns:
        expected, counted = naive(path, column.name), profiled(column)
        if expected["bounds"] is None:
            del expected["bounds"], counted["bounds"]
        else:
            # Of numbers where there are any; then text has no bounds here.
            del expected["text_bounds"], counted["text_bounds"]
        assert counted == expected, (column.name, column.declared_type)
