"""A server that asks for a password, and every place that libpq takes one from; a dump finds it there too."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from sdmigrate.model.settings import Endpoint
from sdmigrate.postgres.connect import endpoint_of
from sdmigrate.postgres.dump import dump
from sdmigrate.runtime.cancel import CancelToken
from tests.cli.calling import call

PASSWORD = r"p@ss:w/rd#$ %\'é1"
"""Nothing of it is left as it is by a URI, a connection string, a password file and a service file alike."""


def run(postgres: Endpoint, *statements: sql.SQL | sql.Composed) -> None:
    with psycopg.connect(postgres.conninfo, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture(scope="module")
def asking(postgres: Endpoint) -> Iterator[dict[str, str]]:
    """The connection parameters, without a password, of a role that has to give one."""
    role = sql.Identifier("asked")
    with psycopg.connect(postgres.conninfo) as connection:
        row = connection.execute("SHOW hba_file").fetchone()
    assert row is not None
    rules = Path(row[0])
    before = rules.read_text("utf-8")
    rules.write_text(f"local all asked scram-sha-256\n{before}", "utf-8")
    reload = sql.SQL("SELECT pg_reload_conf()")
    create = sql.SQL("CREATE ROLE {} SUPERUSER LOGIN PASSWORD {}").format(role, sql.Literal(PASSWORD))
    run(postgres, sql.SQL("SET password_encryption = 'scram-sha-256'"), create, reload)
    given = conninfo_to_dict(postgres.conninfo)
    yield {"host": str(given["host"]), "dbname": str(given["dbname"]), "user": "asked"}
    rules.write_text(before, "utf-8")
    run(postgres, reload, sql.SQL("DROP ROLE {}").format(role))


def private(path: Path, text: str) -> str:
    path.write_text(text, "utf-8")
    path.chmod(0o600)
    return str(path)


def named(way: str, asking: dict[str, str], place: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The target, with the password where ``way`` says."""
    host, database = asking["host"], asking["dbname"]
    match way:
        case "uri":
            return f"postgresql://asked:{quote(PASSWORD, safe='')}@/{database}?host={quote(host, safe='')}"
        case "key=value":
            return make_conninfo("", **asking, password=PASSWORD)
        case "PGPASSWORD":
            monkeypatch.setenv("PGPASSWORD", PASSWORD)
        case "password file":
            escaped = PASSWORD.replace("\\", "\\\\").replace(":", "\\:")
            monkeypatch.setenv("PGPASSFILE", private(place / "pgpass", f"*:*:*:asked:{escaped}\n"))
        case "service file":
            text = "\n".join(f"{name}={value}" for name, value in {**asking, "password": PASSWORD}.items())
            monkeypatch.setenv("PGSERVICEFILE", private(place / "services", f"[desk]\n{text}\n"))
            return "service=desk"
    return make_conninfo("", **asking)


@pytest.mark.parametrize("way", ["uri", "key=value", "PGPASSWORD", "password file", "service file"])
def test_the_password_is_found_wherever_libpq_takes_it_from(
    way: str, asking: dict[str, str], tmp_path: Path, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = named(way, asking, tmp_path, monkeypatch)
    listed = call("releases", "list", "--target", target, "--schema", "app", "--work-dir", work)
    assert (listed.code, PASSWORD in listed.out + listed.err) == (0, False), listed.err
    dump(endpoint_of(target), "pg_catalog", tmp_path / "live.dump", CancelToken())


def test_a_password_that_is_missing_or_wrong_is_said_and_not_shown(
    asking: dict[str, str], work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = f"{PASSWORD}2"
    refused = []
    for password in (None, wrong):
        if password is not None:
            monkeypatch.setenv("PGPASSWORD", password)
        target = make_conninfo("", **asking)
        called = call("releases", "list", "--target", target, "--schema", "app", "--work-dir", work)
        assert (called.code, wrong in called.out + called.err) == (3, False), called.err
        refused.append("no password supplied" if "no password supplied" in called.err else "refused")
    assert refused == ["no password supplied", "refused"]
