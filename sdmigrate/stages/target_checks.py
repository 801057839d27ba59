"""What preflight says of the target: whether it can take a run, and what a cutover would touch there.

Invariant: pure; the facts were asked of PostgreSQL before.
"""

from typing import Literal

from sdmigrate.model.finding import Finding, Severity
from sdmigrate.model.source import PreflightCheck, TargetFacts

Verdict = Literal["pass", "warn", "fail"]


def check_target(facts: TargetFacts, schema: str | None) -> tuple[PreflightCheck, ...]:
    """The server and, where a schema is named, what carries that name now."""
    version = f"{facts.version // 10000}.{facts.version % 10000}"
    where = ", the embedded one" if facts.described == "embedded" else f" at {facts.described}"
    server = PreflightCheck(
        name="target",
        verdict="fail" if facts.problems else "pass",
        message=" ".join((f"PostgreSQL {version}{where}.", *facts.problems)),
        hint="Ask the server's administrator, or name another target." if facts.problems else "",
    )
    if schema is None:
        return (server,)
    return server, _live_schema(facts, schema)


def target_findings(facts: TargetFacts, schema: str | None) -> tuple[Finding, ...]:
    """One finding for each problem and each object that a cutover would leave on the old release."""
    found = [
        _finding("target-unfit", "error", problem, "No run can end well there before it is mended.")
        for problem in facts.problems
    ]
    if facts.live_exists and not facts.live_is_ours:
        found.append(
            _finding(
                "target-schema-not-ours",
                "warning",
                f"Schema {schema} is there and was not made by sdmigrate.",
                "Choose another schema, or adopt it at cutover; it is then kept beside the release.",
            )
        )
    found += [
        _finding(
            "follows-old-release",
            "warning",
            f"It follows the tables that are live now, or names their schema: {dependent}.",
            "After a cutover it still reads the old tables; make it again over the new ones.",
        )
        for dependent in facts.dependents
    ]
    found += [
        _finding(
            "stays-with-old-release",
            "warning",
            f"It is no table of sdmigrate's and stays with the old release: {staying}.",
            "Make it again in the new release, or put it into a schema of its own.",
        )
        for staying in facts.staying_behind
    ]
    return tuple(found)


def _live_schema(facts: TargetFacts, schema: str) -> PreflightCheck:
    if not facts.live_exists:
        return PreflightCheck(name="live schema", verdict="pass", message=f"There is no schema {schema} yet.")
    touched = len(facts.dependents) + len(facts.staying_behind)
    verdict: Verdict = "pass" if facts.live_is_ours and not touched else "warn"
    whose = "was made by sdmigrate" if facts.live_is_ours else "was not made by sdmigrate"
    counted = f"; {touched} objects depend on it or would stay behind" if touched else ""
    return PreflightCheck(
        name="live schema",
        verdict=verdict,
        message=f"Schema {schema} is there and {whose}{counted}; it is dumped and kept.",
        hint="" if verdict == "pass" else "Look at the findings before the cutover.",
    )


def _finding(code: str, severity: Severity, message: str, advice: str) -> Finding:
    return Finding(
        code=code, severity=severity, table=None, column=None, count=1, message=message, advice=advice
    )
