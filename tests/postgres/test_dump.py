"""pg_dump and pg_restore: which one, what it writes, where the password goes."""

import stat
from pathlib import Path

import pytest

from sdmigrate.model.errors import Aborted, TargetUnreachable, UnsafeToContinue
from sdmigrate.model.settings import Endpoint
from sdmigrate.postgres.binaries import packaged
from sdmigrate.postgres.connect import endpoint_of
from sdmigrate.postgres.dump import dump, find_pg_dump, find_program, restore, server_seen
from sdmigrate.runtime.cancel import CancelToken
from tests.postgres.made import make_release, quoted, schemas, subjects
from tests.stages.by_hand import ask


@pytest.mark.parametrize("ending", ["", ' "q" %s*', "Ünï.x"])
def test_a_schema_comes_back_from_its_dump(
    postgres: Endpoint, schema_name: str, tmp_path: Path, ending: str
) -> None:
    schema = schema_name + ending
    release, _ = make_release(postgres, schema, "1")
    make_release(postgres, schema, "2")
    path = tmp_path / "live.dump"
    dump(postgres, release.name, path, CancelToken())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["live.dump"]

    with pytest.raises(UnsafeToContinue, match="already"):
        restore(postgres, release.name, path, CancelToken())
    ask(postgres, f"DROP SCHEMA {quoted(release.name)} CASCADE")
    restore(postgres, release.name, path, CancelToken())
    assert subjects(postgres, release.name) == ["printer 1", "printer 2", "printer 3"]
    assert schemas(postgres, schema) == [f"{schema}__r1", f"{schema}__r2"]


def test_a_schema_that_is_not_there_is_told_and_leaves_no_file(postgres: Endpoint, tmp_path: Path) -> None:
    with pytest.raises(TargetUnreachable, match="no matching schemas"):
        dump(postgres, "nowhere", tmp_path / "live.dump", CancelToken())
    assert list(tmp_path.iterdir()) == []


def test_a_stop_leaves_no_file(postgres: Endpoint, schema_name: str, tmp_path: Path) -> None:
    make_release(postgres, schema_name, "1")
    token = CancelToken()
    token.set()
    with pytest.raises(Aborted):
        dump(postgres, f"{schema_name}__r1", tmp_path / "live.dump", token)
    assert list(tmp_path.iterdir()) == []


def test_the_first_of_path_that_is_not_older_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for directory, version in (("old", "12.3"), ("broken", ""), ("right", "18.1"), ("newer", "19beta1")):
        (tmp_path / directory).mkdir()
        program = tmp_path / directory / "pg_dump"
        program.write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {version}'\n")
        program.chmod(0o755)

    def path(*directories: str) -> None:
        monkeypatch.setenv("PATH", ":".join(str(tmp_path / directory) for directory in directories))

    path("old", "broken", "right", "newer")
    assert find_pg_dump(180004) == tmp_path / "right" / "pg_dump"
    assert find_pg_dump(190000) == tmp_path / "newer" / "pg_dump"
    path("old", "broken")
    assert find_pg_dump(120000) == tmp_path / "old" / "pg_dump"
    assert find_program("pg_restore", 180000) == packaged().program("pg_restore")
    with pytest.raises(TargetUnreachable, match=r"No pg_dump can serve PostgreSQL 99 .*is of 12"):
        find_pg_dump(990000)
    with pytest.raises(TargetUnreachable, match="over TLS"):
        find_pg_dump(180000, encrypted=True)


def test_the_password_is_in_the_childs_environment_alone(
    postgres: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "pg_dump"
    program.write_text(
        "#!/bin/sh\n"
        'if [ "$1" = --version ]; then echo "pg_dump (PostgreSQL) 99.1"; exit; fi\n'
        f'echo "$*" > {tmp_path}/arguments; echo "$PGPASSWORD" > {tmp_path}/password; exit 0\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    endpoint = endpoint_of(f"{postgres.conninfo} password='se cr''et'".replace("''", "\\'"))
    dump(endpoint, "public", tmp_path / "live.dump", CancelToken())
    assert (tmp_path / "password").read_text() == "se cr'et\n"
    assert "cr" not in (tmp_path / "arguments").read_text().replace("sdmigrate", "")
    assert server_seen(endpoint).encrypted is False
