"""Settings: defaults < configuration file < environment < flags.

Invariant: every setting has one name everywhere; an unknown one is an error, never ignored; a password has
no setting (libpq's environment and password file serve).
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec
import platformdirs

from sdmigrate.model.errors import UsageProblem
from sdmigrate.model.gate import GATE_NAMES, GateName
from sdmigrate.model.record import Record
from sdmigrate.model.settings import Limits

ENVIRONMENT_PREFIX = "SDMIGRATE_"


class Settings(Record):
    """What the file and the environment may set."""

    work_dir: str | None = None
    """Where runs and the embedded server live; None: the system's state directory."""
    target: str | None = None
    schema: str | None = None
    theme: str | None = None
    """The wizard's theme."""
    gates: dict[GateName, Literal["stop", "warn"]] = {}
    limits: Limits = Limits()


def default_config_path() -> Path:
    """Where the configuration file is looked for when none is named."""
    return Path(platformdirs.user_config_dir("sdmigrate", appauthor=False)) / "config.toml"


def load_settings(named: Path | None, environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of file and environment; flags come on top in the commands.

    Args:
        named: the file of ``--config``; None: SDMIGRATE_CONFIG, then the default path, where they exist.
        environment: os.environ by default.

    Raises:
        UsageProblem: a named file is missing, is no TOML, or holds an unknown name or a bad value.
    """
    variables = os.environ if environment is None else environment
    path = named or (Path(variables["SDMIGRATE_CONFIG"]) if variables.get("SDMIGRATE_CONFIG") else None)
    content = _read(path) if path is not None else _read_if_there(default_config_path())
    for name in ("work_dir", "target", "schema", "theme"):
        if value := variables.get(ENVIRONMENT_PREFIX + name.upper()):
            content[name] = value
    try:
        settings = msgspec.convert(content, Settings)
    except msgspec.ValidationError as error:
        raise UsageProblem(
            f"The configuration {path or default_config_path()} is not valid: {error}.",
            "docs/configuration.md lists every setting.",
        ) from error
    _require_verification(settings.gates)
    return settings


def _read_if_there(path: Path) -> dict[str, Any]:
    return _read(path) if path.is_file() else {}


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageProblem(
            f"The configuration {path} cannot be read: {error.strerror}.", "Name another with --config."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageProblem(f"The configuration {path} is no TOML: {error}.", "Mend that line.") from error


def parse_gates(pairs: list[str]) -> dict[GateName, Literal["stop", "warn"]]:
    """The gates of ``--gate NAME=stop|warn``, repeated.

    Raises:
        UsageProblem: an unknown gate or verdict, or an attempt to lower verification.
    """
    gates: dict[GateName, Literal["stop", "warn"]] = {}
    for pair in pairs:
        name, _, verdict = pair.partition("=")
        known: list[GateName] = [gate for gate in GATE_NAMES if gate == name]
        if not known or verdict not in ("stop", "warn"):
            raise UsageProblem(
                f"--gate {pair} is not NAME=stop or NAME=warn.", f"The gates are {', '.join(GATE_NAMES)}."
            )
        gates[known[0]] = "warn" if verdict == "warn" else "stop"
    _require_verification(gates)
    return gates


def _require_verification(gates: Mapping[GateName, Literal["stop", "warn"]]) -> None:
    if gates.get("verification") == "warn":
        raise UsageProblem(
            "The verification gate cannot be lowered.", "Leave it out; nothing unproven is published."
        )
