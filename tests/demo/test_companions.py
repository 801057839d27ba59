"""The rule pack and the queries that come with the demo."""

import tomllib
from collections import Counter
from pathlib import Path

import psycopg
import pytest

from sdmigrate.demo.calendar import REFERENCE_DATE
from sdmigrate.demo.columns import COLUMNS, declared_type
from sdmigrate.demo.companions import queries_path, rules_path
from sdmigrate.model.settings import Endpoint
from sdmigrate.sqlite.connection import quote_identifier

DATES_IN_TEXT = ("TKT-Closure Date", "TKT-Actual Response Date", "TKT-Actual Resolution Date")
TARGET_TYPES = {"INTEGER": "bigint", "REAL": "double precision", "TIMESTAMP": "timestamp", "TEXT": "text"}


def test_the_pack_has_the_desks_forty_rules() -> None:
    pack = tomllib.loads(rules_path().read_text("utf-8"))
    assert pack["reference_date"] == REFERENCE_DATE
    assert Counter(rule["family"] for rule in pack["rules"]) == {
        "schema": 10,
        "completeness": 8,
        "types": 8,
        "business": 8,
        "integrity": 4,
        "text": 2,
    }
    for rule in pack["rules"]:
        assert rule["severity"] in ("error", "warning", "info")
        assert 0 <= rule["threshold"] <= 1
        if "column" in rule:
            assert rule["column"] in COLUMNS[rule["table"]]
    assert len({rule["name"] for rule in pack["rules"]}) == 40


def queries() -> list[tuple[str, str]]:
    parts = queries_path().read_text("utf-8").split("-- name: ")[1:]
    return [(part.partition("\n")[0], part.partition("\n")[2]) for part in parts]


def test_every_dashboard_runs_on_the_types_the_desk_wants(
    postgres: Endpoint, schema_name: str, tmp_path: Path
) -> None:
    with psycopg.connect(postgres.conninfo, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {quote_identifier(schema_name)}".encode())
        connection.execute(f"SET search_path = {quote_identifier(schema_name)}".encode())
        for table, columns in COLUMNS.items():
            types = [
                "timestamp" if column in DATES_IN_TEXT else TARGET_TYPES[declared_type(column)]
                for column in columns
            ]
            listed = ", ".join(
                f"{quote_identifier(column)} {kind}" for column, kind in zip(columns, types, strict=True)
            )
            connection.execute(f"CREATE TABLE {table} ({listed})".encode())
        assert len(queries()) >= 20
        for name, query in queries():
            try:
                connection.execute(query.encode())
            except psycopg.Error as error:
                pytest.fail(f"{name}: {error}")
        connection.execute(f"DROP SCHEMA {quote_identifier(schema_name)} CASCADE".encode())
