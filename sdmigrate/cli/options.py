"""The options that every command takes, declared once.

Invariant: CONTRACTS.md's "Common" line is exactly the fields of ``Common``.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from sdmigrate import __version__


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"sdmigrate {__version__}")
        raise typer.Exit


@dataclass(frozen=True)
class Common:
    """The common options of one call."""

    json: Annotated[bool, typer.Option("--json", help="JSON Lines on standard output.")] = False
    work_dir: Annotated[
        Path | None, typer.Option("--work-dir", help="Where runs and the embedded server live.")
    ] = None
    config: Annotated[Path | None, typer.Option("--config", help="Configuration file (TOML).")] = None
    plan: Annotated[Path | None, typer.Option("--plan", help="A plan to go by (TOML).")] = None
    accept_drift: Annotated[
        bool, typer.Option("--accept-drift", help="Accept that the plan was made for another shape.")
    ] = False
    queries: Annotated[
        Path | None, typer.Option("--queries", help="Queries that must run on the result (SQL).")
    ] = None
    rules: Annotated[Path | None, typer.Option("--rules", help="A rule pack for the quality score.")] = None
    gate: Annotated[
        list[str] | None,
        typer.Option("--gate", metavar="NAME=stop|warn", help="Stop or only warn; may be repeated."),
    ] = None
    day_first: Annotated[
        bool | None, typer.Option("--day-first/--month-first", help="How 03/04/2025 is read.")
    ] = None
    verbose: Annotated[bool, typer.Option("--verbose", help="Tell more on standard error.")] = False
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and leave.", is_eager=True, callback=_print_version
        ),
    ] = False


def _over(given: Common, before: Common | None) -> Common:
    """Options given before the command's name as well as behind it; where both say something, the latter."""
    if before is None:
        return given
    said = {
        field.name: getattr(given, field.name)
        for field in fields(Common)
        if getattr(given, field.name) != field.default
    }
    return replace(before, **said | {"gate": [*(before.gate or []), *(given.gate or [])]})


def with_common(function: Callable[..., None]) -> Callable[..., None]:
    """The command with the common options behind its own; it gets them as one ``Common``, first.

    They may stand before the command's name too, where people who know git or docker write them.
    """
    own = inspect.signature(function)
    hints = get_type_hints(function, include_extras=True)
    common_hints = get_type_hints(Common, include_extras=True)
    parameters = [
        parameter.replace(annotation=hints[name])
        for name, parameter in own.parameters.items()
        if name not in ("common", "context")
    ]
    shared = [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=field.default,
            annotation=common_hints[field.name],
        )
        for field in fields(Common)
    ]

    @wraps(function)
    def command(context: typer.Context, **given: Any) -> None:
        common = Common(**{field.name: given.pop(field.name) for field in fields(Common)})
        root = context.find_root()
        common = root.obj = _over(common, root.obj)
        if "context" in own.parameters:
            given["context"] = context
        function(common, **given)

    keyword_only = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
    context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    complete = [context, *keyword_only, *shared]
    command.__signature__ = inspect.Signature(complete)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in complete}
    return command
