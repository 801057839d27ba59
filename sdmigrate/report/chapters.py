"""The chapters of a report on a journey: gates, ledger, findings, changes, proof, timings.

Invariant: each chapter is made from the story's records alone and is empty where its stage did not happen.
"""

from msgspec.structs import replace

from sdmigrate.model.events import StageName
from sdmigrate.model.finding import Finding, Sample
from sdmigrate.report.numbers import count, duration, measured, rate
from sdmigrate.report.page import Block, Facts, Grid, Line, Note, Tone
from sdmigrate.report.story import RunStory
from sdmigrate.rules.wording import plural

VERDICT_TONES: dict[str, Tone] = {
    "pass": "plain",
    "identical": "plain",
    "changed": "plain",
    "done": "plain",
    "warn": "warn",
    "skipped": "dim",
    "not_checked": "dim",
}
"""Any verdict or status -> how its row looks: exceptions stand out; what is not here is bad."""

SEVERITY_TONES: dict[str, Tone] = {"error": "bad", "warning": "warn", "info": "dim"}
MOST_FINDINGS = 200
_MANY_ALIKE = 4
_MOST_NAMED = 30
_BY_ROWS: tuple[StageName, ...] = ("profile", "clean", "load", "verify")


def stop(story: RunStory) -> tuple[Block, ...]:
    """What stopped the run and what to do about it."""
    if not story.stopped_by:
        return ()
    return (Note(head=story.finished.outcome, tone="bad", text=story.stopped_by, advice=story.hint or ""),)


def checks(story: RunStory) -> tuple[Block, ...]:
    """Preflight's checks that did not simply pass."""
    if story.source is None:
        return ()
    told = [check for check in story.source.checks if check.verdict != "pass"]
    passed = len(story.source.checks) - len(told)
    notes: list[Block] = [
        Note(
            head=f"{check.verdict} {check.name}",
            tone="bad" if check.verdict == "fail" else "warn",
            text=check.message,
            advice=check.hint,
        )
        for check in told
    ]
    return (
        (*notes, Line(text=f"{plural(passed, 'check')} passed.", tone="dim")) if story.source.checks else ()
    )


def gates(story: RunStory) -> tuple[Block, ...]:
    """Every gate's last verdict."""
    latest = {gate.name: gate for gate in story.gates}
    if not latest:
        return ()
    return (
        Grid(
            titles=("Gate", "Verdict", "Value", "Limit", "What it says"),
            rows=tuple(
                (gate.name, gate.verdict, measured(gate.value), measured(gate.limit), gate.advice)
                for gate in latest.values()
            ),
            numbers=frozenset({"Value", "Limit"}),
            tones=tuple(VERDICT_TONES.get(gate.verdict, "bad") for gate in latest.values()),
        ),
    )


def ledger(story: RunStory) -> tuple[Block, ...]:
    """Every table's rows, accounted for."""
    tables = story.finished.tables
    if not tables:
        return ()
    accounts = [(t.read, t.loaded, t.quarantined, t.deduplicated, t.excluded, t.changed) for t in tables]
    sums = [sum(numbers) for numbers in zip(*accounts, strict=True)]
    rows = [
        (table.source, table.target, *map(count, account), table.verified.replace("_", " "))
        for table, account in zip(tables, accounts, strict=True)
    ]
    balanced = sums[0] == sum(sums[1:5])
    loaded = "Loaded" if story.finished.has_loaded else "To load"
    numbers = ("Read", loaded, "Quarantined", "Deduplicated", "Excluded")
    return (
        Grid(
            titles=("Table", "Becomes", *numbers, "Values changed", "Verified"),
            rows=(*rows, ("All", "", *map(count, sums), "")),
            numbers=frozenset({*numbers, "Values changed"}),
            tones=(*(VERDICT_TONES.get(table.verified, "bad") for table in tables), "plain"),
            optional=frozenset({"Becomes", "Deduplicated", "Excluded"}),
        ),
        Line(
            text=f"read = {loaded.lower()} + quarantined + deduplicated + excluded: it balances.", tone="good"
        )
        if balanced
        else Line(text="Not every row read is accounted for yet.", tone="warn"),
    )


def findings(told: tuple[Finding, ...]) -> tuple[Block, ...]:
    """Findings by severity, each with its advice; of many that inform of columns alike, one for all."""
    alike: dict[tuple[str, str, int | None], list[Finding]] = {}
    for number, finding in enumerate(told):
        # Any other is a decision or a loss of its own, or has a text of SQL to be read.
        own = None if finding.severity == "info" and finding.column is not None else number
        alike.setdefault((finding.code, finding.advice, own), []).append(finding)
    notes: list[Block] = []
    for group in alike.values():
        notes += [_alike(group)] if len(group) >= _MANY_ALIKE else map(_note, group)
    more = len(notes) - MOST_FINDINGS
    if more > 0:
        return (*notes[:MOST_FINDINGS], Line(text=f"{count(more)} more are in report.json.", tone="dim"))
    return tuple(notes)


def _note(finding: Finding) -> Note:
    return Note(
        head=f"{finding.severity} {finding.code}{_place(finding)}",
        tone=SEVERITY_TONES[finding.severity],
        text=finding.message,
        advice=finding.advice,
        samples=tuple(_sample(sample) for sample in finding.samples),
    )


def _alike(group: list[Finding]) -> Note:
    """The first in full, and where else the same is so."""
    first, *others = group
    named = [f"{other.table}.{other.column}" for other in others[:_MOST_NAMED]]
    more = f" and {count(len(others) - _MOST_NAMED)} more" if len(others) > _MOST_NAMED else ""
    note = _note(first)
    return replace(note, text=f"{note.text} Likewise: {', '.join(named)}{more}.")


def _place(finding: Finding) -> str:
    names = [name for name in (finding.table, finding.column) if name is not None]
    return f" · {'.'.join(names)}" if names else ""


def _sample(sample: Sample) -> str:
    where = f"row {count(sample.rowid)}: " if sample.rowid is not None else ""
    nothing = "NULL" if sample.value.storage == "null" else "(empty)"
    read_as = f" → {sample.read_as.text}" if sample.read_as else ""
    return f"{where}{sample.value.text or nothing}{read_as}"


def changes(story: RunStory) -> tuple[Block, ...]:
    """What cleaning changed: by which rule, where, how often."""
    if story.cleaned is None:
        return ()
    if not story.changes:
        return (Line(text="No value was changed."),)
    rows = tuple((change.table, change.column, change.rule, count(change.values)) for change in story.changes)
    return (
        Grid(titles=("Table", "Column", "Rule", "Values"), rows=rows, numbers=frozenset({"Values"})),
        Line(text="Every changed value stands in the audit trail; undone, it gives the snapshot exactly."),
    )


def quality(story: RunStory) -> tuple[Block, ...]:
    """The score before and after, and what costs points."""
    if story.profile is None:
        return ()
    before = story.profile.quality
    after = story.cleaned.quality if story.cleaned is not None else None
    later = {part.name: part for part in after.parts} if after is not None else {}
    rows = [
        (
            part.name,
            f"{part.score:.1f}",
            f"{later[part.name].score:.1f}" if part.name in later else "",
            f"{part.weight:.1f}",
            "; ".join(cost.rstrip(".") for cost in (later.get(part.name) or part).costs[:3]),
        )
        for part in before.parts
    ]
    total = ("all", f"{before.score:.1f}", f"{after.score:.1f}" if after is not None else "", "100.0", "")
    titles = ("Dimension", "Before", "After", "Of", "What costs points")
    return (Grid(titles=titles, rows=(*rows, total), numbers=frozenset({"Before", "After", "Of"})),)


def canary(story: RunStory) -> tuple[Block, ...]:
    """The sample that went first."""
    told = story.canary
    if told is None:
        return ()
    speed = f"{told.rows_per_second:,.0f} rows/s"
    verdict = Line(
        text=f"{plural(told.rows, 'row')} loaded at {speed}, verified and dropped.",
        tone="good" if told.passed else "bad",
    )
    failed = tuple(
        Note(head=f"query {query.name}", tone="bad", text=query.error)
        for query in told.queries
        if query.error is not None
    )
    ran = sum(query.error is None for query in told.queries)
    queries = (
        (Line(text=f"{ran} of {plural(len(told.queries), 'query', 'queries')} ran."),) if told.queries else ()
    )
    return (verdict, *queries, *failed)


def proof(story: RunStory) -> tuple[Block, ...]:
    """Every table's digest on both sides."""
    told = story.verification
    if told is None:
        return ()
    grid = Grid(
        titles=("Table", "Rows", "Digest of cleaned", "Digest in PostgreSQL", "Verdict"),
        rows=tuple(
            (
                table.table,
                count(table.actual.rows),
                table.expected.sum,
                table.actual.sum,
                table.verdict.replace("_", " "),
            )
            for table in told.tables
        ),
        numbers=frozenset({"Rows"}),
        tones=tuple(VERDICT_TONES.get(table.verdict, "bad") for table in told.tables),
    )
    differing: list[Block] = [
        Note(head=table.table, tone="bad", text="rows differ", samples=table.examples)
        for table in told.tables
        if table.examples
    ]
    return (grid, *differing)


def snapshot(story: RunStory) -> tuple[Block, ...]:
    """The digests of the source and of its snapshot."""
    told = story.snapshot
    if told is None:
        return ()
    integrity = "; ".join(told.integrity[:3]) or "ok"
    return (
        Facts(
            pairs=(
                ("source MD5", told.source_digests.md5),
                ("source SHA-256", told.source_digests.sha256),
                ("snapshot MD5", told.snapshot_digests.md5),
                ("snapshot SHA-256", told.snapshot_digests.sha256),
                ("integrity", integrity),
            )
        ),
    )


def timings(story: RunStory) -> tuple[Block, ...]:
    """Every stage's seconds, with rows a second where it works by rows."""
    stages = story.finished.stages
    if not stages:
        return ()
    held = sum(table.rows for table in story.profile.tables) if story.profile is not None else 0
    rows = [
        (
            stage.name,
            stage.status,
            duration(stage.seconds),
            rate(held, stage.seconds) if stage.name in _BY_ROWS and stage.status == "done" else "",
        )
        for stage in stages
    ]
    total = ("all", "", duration(sum(stage.seconds for stage in stages)), "")
    return (
        Grid(
            titles=("Stage", "Status", "Time", "Speed"),
            rows=(*rows, total),
            numbers=frozenset({"Time", "Speed"}),
            tones=(*(VERDICT_TONES.get(stage.status, "bad") for stage in stages), "plain"),
        ),
    )


def switches(story: RunStory) -> tuple[Block, ...]:
    """What cutover and rollback did."""
    told: list[Block] = []
    for name, switch in (("cutover", story.cutover), ("rollback", story.rollback)):
        if switch is not None:
            live = switch.release or "nothing"
            kept = f", {switch.previous} is kept" if switch.previous else ""
            moment = duration(switch.milliseconds / 1000)
            told.append(Line(text=f"{name}: {live} went live as {switch.schema} within {moment}{kept}."))
    return tuple(told)
