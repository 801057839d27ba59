"""What a database asks of its operator, on one line: first what stops a migration, then what to look at.

Invariant: pure; the wizard and every report say it in these words.
"""

from collections.abc import Collection

from sdmigrate.model.finding import Finding, Severity
from sdmigrate.rules.wording import plural

_MOST_STOPS = 3


def asked_of_the_operator(findings: Collection[Finding], stops: tuple[str, ...]) -> str:
    """The line, which may follow a semicolon.

    Args:
        findings: each once.
        stops: what would stop a migration, as ``foreseen`` tells it.
    """
    severities: tuple[Severity, ...] = ("error", "warning")
    errors, warnings = (sum(found.severity == severity for found in findings) for severity in severities)
    if stops:
        more = f" and {len(stops) - _MOST_STOPS} more" if len(stops) > _MOST_STOPS else ""
        needed = f"a migration needs {plural(len(stops), 'decision')} first"
        told = f"{needed}: {'; '.join(stops[:_MOST_STOPS])}{more}."
        return f"{told} {plural(errors + warnings, 'finding')} to look at." if errors + warnings else told
    if errors:
        return f"{plural(errors, 'finding')} to decide on, {warnings:,} to look at."
    if warnings:
        return f"nothing must be decided, {plural(warnings, 'finding')} to look at."
    return "nothing must be decided."
