"""Odd surroundings: no home, no terminal, other locales, places that cannot be written, options anywhere."""

import os
import shlex
import subprocess
from pathlib import Path

import msgspec
import pytest

from sdmigrate.config import Settings, load_settings
from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.gate import GATE_NAMES
from sdmigrate.model.settings import Limits
from tests.cli.calling import call, command, spawn


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A source that takes no time."""
    path = tmp_path / "leer — 空.db"
    path.touch()
    return path


@pytest.mark.parametrize("arguments", [(), ("wizard",), ("wizard", "x.db", "--mode", "migrate")])
def test_without_a_terminal_the_wizard_names_the_commands(arguments: tuple[str, ...], work: Path) -> None:
    called = spawn(*arguments, "--work-dir", work)
    assert (called.code, called.out) == (2, "")
    assert "sdmigrate inspect FILE" in called.err
    assert "sdmigrate migrate FILE --target T --schema NAME --confirm NAME" in called.err
    assert not work.exists()


def test_a_file_where_a_command_belongs_is_told_what_to_do_with_it(empty: Path) -> None:
    called = call(empty)
    assert (called.code, called.out) == (2, "")
    assert f"sdmigrate inspect '{empty}'" in called.err.replace("\n", " ")
    assert "No such command" in call("x" * 3_000).err


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "ascii"},
        {"NO_COLOR": "1", "COLUMNS": "20", "TERM": "dumb"},
    ],
    ids=["C", "ascii", "narrow"],
)
def test_locales_and_narrow_terminals(environment: dict[str, str], shop: Path, work: Path) -> None:
    called = spawn("inspect", shop, "--work-dir", work, environment=environment)
    assert (called.code, "\x1b" in called.out) == (0, False), called.err
    assert "buyers" in called.out


def test_no_home(work: Path, tmp_path: Path) -> None:
    remove = ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME")
    assert spawn("runs", "--work-dir", work, remove=remove).code == 0


def test_a_home_that_cannot_be_written(desk: Path) -> None:
    nowhere = {"HOME": "/proc/nowhere", "XDG_STATE_HOME": "", "XDG_CONFIG_HOME": ""}
    called = spawn("inspect", desk, "--json", environment=nowhere)
    assert (called.code, called.last["exit_code"]) == (2, 2)
    assert "--work-dir" in called.err


@pytest.mark.parametrize(
    "arguments",
    [("runs",), ("inspect", "{desk}"), ("server", "status"), ("releases", "list", "--schema", "a")],
    ids=lambda arguments: arguments[0],
)
def test_a_work_directory_that_is_a_file(arguments: tuple[str, ...], desk: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    named = [argument.format(desk=desk) for argument in arguments]
    called = call(*named, "--json", "--work-dir", file, environment={"SDMIGRATE_TARGET": "embedded"})
    assert (called.code, called.last["outcome"]) == (2, "failed")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_work_directory_that_cannot_be_written(desk: Path, work: Path) -> None:
    work.mkdir(mode=0o500)
    assert call("inspect", desk, "--json", "--work-dir", work).code == 2


def test_common_options_stand_on_either_side(work: Path, tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    for arguments in (
        ("--json", "--work-dir", work, "inspect", missing),
        ("inspect", missing, "--json", "--work-dir", work),
        ("--json", "inspect", missing, "--work-dir", work),
    ):
        called = call(*arguments)
        assert (called.code, called.last["exit_code"]) == (3, 3)
    refused = call("--gate", "nonsense=warn", "inspect", missing, "--gate", "quality=warn")
    assert (refused.code, "nonsense=warn" in refused.err) == (2, True)


def test_options_over_environment_over_file_over_defaults(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('target = "host=file"\nschema = "file"\n[limits]\nquality = 70.0\n', "utf-8")
    environment = {"SDMIGRATE_CONFIG": str(file), "SDMIGRATE_SCHEMA": "environment"}
    settings = load_settings(None, environment)
    assert (settings.target, settings.schema) == ("host=file", "environment")
    assert (settings.limits.quality, settings.limits.confidence) == (70.0, 0.95)
    asked = ("cutover", "--work-dir", tmp_path / "work", "--json")
    # The question names the schema that holds.
    assert "--confirm environment" in call(*asked, environment=environment).err
    assert "--confirm option" in call(*asked, "--schema", "option", environment=environment).err
    other = {"SDMIGRATE_CONFIG": str(tmp_path / "missing"), "SDMIGRATE_TARGET": "host=other"}
    assert "--confirm file" in call(*asked, "--config", file, environment=other).err


@pytest.mark.parametrize(
    "text",
    [
        "bogus = 1",
        "[limits]\nbogus = 1",
        '[gates]\nbogus = "warn"',
        '[gates]\nquality = "loud"',
        '[gates]\nverification = "warn"',
        "schema = 1",
        "[",
        'password = "x"',
    ],
)
def test_a_configuration_that_cannot_be_meant(text: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(UsageProblem):
        load_settings(file, {})
    assert call("runs", "--config", file, "--json", "--work-dir", tmp_path / "work").last["exit_code"] == 2


def test_names_with_any_character_are_shown_plain(empty: Path, work: Path, tmp_path: Path) -> None:
    hostile = tmp_path / "a\x1b[31mb\n.db"
    hostile.write_text("nonsense " * 200, "utf-8")
    for path in (empty, hostile):
        called = call("inspect", path, "--work-dir", work)
        assert called.code == 3
        assert "\x1b" not in called.err
        assert len(called.err.splitlines()) == 2
    undecodable = tmp_path / os.fsdecode(b"\xff.db")
    undecodable.touch()
    called = call("inspect", undecodable, "--json", "--work-dir", work)
    assert called.last["exit_code"] == called.code == 2


def test_the_demo_as_a_file(tmp_path: Path) -> None:
    output = tmp_path / "demo.sqlite"
    called = call("demo", "--output", output, "--rows", "300", "--seed", "2", "--json")
    assert (called.code, called.last["outcome"]) == (0, "done")
    assert (called.events[0]["path"], called.events[0]["count"]) == (str(output), 300)
    manifest = tmp_path / "demo.sqlite.manifest.json"
    entries = msgspec.json.decode(manifest.read_bytes())
    assert entries
    for entry in entries:
        assert entry.keys() == {"table", "rowid", "column", "kind", "before", "expected"}
        assert entry["expected"].keys() == {"outcome", "value", "finding"}
        assert entry["expected"]["outcome"] in {"value", "quarantine", "dedupe", "finding"}
    assert sorted(path.name for path in tmp_path.iterdir()) == [output.name, manifest.name]
    again = call("demo", "--output", output, "--json")
    assert (again.code, again.last["exit_code"]) == (2, 2)
    small = call("demo", "--output", tmp_path / "small", "--rows", "10", "--json")
    assert small.code == 2


def test_the_demo_without_a_terminal(work_directory: Path) -> None:
    called = spawn(
        "demo", "--headless", "--rows", "1500", "--seed", "5", "--json", "--work-dir", work_directory
    )
    try:
        assert (called.code, called.last["outcome"]) == (0, "released"), called.err
        assert (called.last["schema"], called.last["target"]) == ("servicedesk", "embedded")
        dsn = call("server", "dsn", "--work-dir", work_directory).out
        assert dsn.startswith("host=")
        assert call("server", "status", "--work-dir", work_directory).out.startswith("running")
        running = call("server", "status", "--json", "--work-dir", work_directory).events[0]
        assert (running["state"], f"{running['dsn']}\n") == ("running", dsn)
    finally:
        assert call("server", "stop", "--work-dir", work_directory).out == "stopped\n"
    stopped = call("server", "stop", "--json", "--work-dir", work_directory).events[0]
    assert (stopped["state"], stopped["process"], stopped["dsn"]) == ("stopped", None, None)
    assert call("server", "dsn", "--json", "--work-dir", work_directory).last["exit_code"] == 3


def test_the_documentation_lists_every_setting() -> None:
    told = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text("utf-8")
    names = [*Settings.__struct_fields__, *Limits.__struct_fields__, *GATE_NAMES]
    assert [name for name in names if name not in told] == []
    for field in msgspec.structs.fields(Limits):
        shown = told.split(f"| `{field.name}` | ")[1].split(" |")[0]
        number, _, unit = shown.partition(" ")
        assert float(number) * (1024**3 if unit == "GiB" else 1) == field.default, field.name


@pytest.mark.parametrize(
    ("redirected", "code", "told"),
    [
        (">/dev/full", 6, "error: Standard output cannot be written: "),
        ("--json >/dev/full", 6, "error: Standard output cannot be written: "),
        (">&-", 0, ""),
        ("--json >&- 2>&- <&-", 0, ""),
    ],
)
def test_a_standard_output_that_takes_nothing(
    redirected: str, code: int, told: str, shop: Path, work: Path
) -> None:
    assert call("inspect", shop, "--work-dir", work, "--json").code == 0
    line = f"{shlex.join(command('runs', '--work-dir', work))} {redirected}"
    ended = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=False)
    assert ended.returncode == code
    assert ended.stderr.startswith(told)
    assert "Traceback" not in ended.stderr
