"""The profile of a small service-desk database: whole, of its samples, and as its tables are counted."""

from msgspec.structs import replace

from sdmigrate.model.finding import Finding, Sample
from sdmigrate.model.profile import (
    Candidate,
    ClassCounts,
    ColumnProfile,
    KeyProfile,
    Profile,
    Quality,
    QualityPart,
    ReferenceProfile,
    TableProfile,
    TopValue,
)
from sdmigrate.model.so_far import Known, TableSoFar
from sdmigrate.model.source import Fingerprint
from sdmigrate.model.values import stored
from sdmigrate.pipeline.messages import Seen

FINGERPRINT = Fingerprint(size=12_582_912, modified_ns=1, change_counter=7)


def _column(name: str, declared: str, proposed: str, **more: object) -> ColumnProfile:
    base = ColumnProfile(
        name=name,
        declared_type=declared,
        rows=10_939,
        nulls=0,
        empties=0,
        blanks=0,
        classes=ClassCounts(text=10_939),
        distinct=10_939,
        distinct_exact=True,
        proposed=proposed,
        confidence=1.0,
        reason="Every value fits.",
    )
    return replace_record(base, more)


def replace_record(record: ColumnProfile, changes: dict[str, object]) -> ColumnProfile:
    return replace(record, **changes)


def _columns() -> tuple[ColumnProfile, ...]:
    odd = stored("20/05/2025 8:42")
    return (
        _column("TKT-Ticket ID", "INTEGER", "bigint", classes=ClassCounts(integer=10_939)),
        _column(
            "TKT-Created Time",
            "TIMESTAMP",
            "timestamp",
            forms={"iso_datetime": 10_930, "dmy_hm": 9},
            distinct=10_412,
            reason="Every value is a date and time: 10,930 as ISO, 9 as D/M/YYYY H:MM.",
            minimum=stored("2024-01-02 07:58:11"),
            maximum=stored("2026-03-31 17:20:45"),
            longest_characters=19,
            top=(TopValue(value=stored("2025-05-20 08:42:00"), count=4),),
            candidates=(
                Candidate(type="timestamp", fits=10_939, misfits=0),
                Candidate(type="date", fits=120, misfits=10_819, examples=(Sample(rowid=17, value=odd),)),
            ),
        ),
        _column("TKT-Closure Date", "TEXT", "timestamp", nulls=212, empties=2_741, distinct=7_705),
        _column(
            "TKT-QA Review Completed",
            "TIMESTAMP",
            "timestamp",
            forms={"iso_datetime": 10_908, "ambiguous_day_month": 31},
            reason="All but 31 of 10,939 values are of type timestamp: 31 may be read day or month first.",
            confidence=0.9972,
            once_settled="timestamp",
            candidates=(Candidate(type="timestamp", fits=10_908, misfits=31),),
        ),
        _column("TKT-Related CI Ref#", "REAL", "text", nulls=10_920, confidence=0.6842, distinct=19),
        _column("TKT-Title", "TEXT", "text", distinct=9_804, longest_characters=240),
    )


FINDINGS = (
    Finding(
        code="ambiguous-day-month",
        severity="error",
        table="tickets",
        column="TKT-QA Review Completed",
        count=31,
        message="31 values read as a date by day first and by month first alike, and nothing settles which.",
        advice="Set day_first for the column in the plan; it is kept as text until then.",
        samples=tuple(Sample(rowid=row, value=stored(f"0{row}/04/2025")) for row in (3, 5, 7)),
    ),
    Finding(
        code="mixed-date-forms",
        severity="warning",
        table="tickets",
        column="TKT-Created Time",
        count=9,
        message="9 of 10,939 values are written D/M/YYYY H:MM among ISO ones.",
        advice="They are converted day first; look at the samples.",
        samples=(Sample(rowid=17, value=stored("20/05/2025 8:42")),),
    ),
    Finding(
        code="empty-means-null",
        severity="warning",
        table="tickets",
        column="TKT-Closure Date",
        count=2_741,
        message="2,741 empty texts stand where NULL is meant.",
        advice="They become NULL, audited.",
    ),
    Finding(
        code="orphans-suggested",
        severity="info",
        table="timesheets",
        column="TS-Crm ID",
        count=126_955,
        message="126,955 rows point at no ticket, as administrative time does.",
        advice="",
    ),
)


def quality(score: float) -> Quality:
    lost = 100 - score
    return Quality(
        score=score,
        parts=(
            QualityPart(
                name="completeness", score=40 - lost / 2, weight=40, costs=("TKT-Closure Date: 27 % missing",)
            ),
            QualityPart(name="validity", score=30 - lost / 2, weight=30, costs=("9 dates in another form",)),
            QualityPart(name="consistency", score=20, weight=20),
            QualityPart(name="uniqueness", score=5, weight=5),
            QualityPart(name="integrity", score=5, weight=5),
        ),
        tables={"tickets": score},
    )


def profile() -> Profile:
    tickets = TableProfile(
        name="tickets",
        rows=10_939,
        columns=_columns(),
        keys=(
            KeyProfile(
                columns=("TKT-Ticket ID",), declared=False, unique=False, duplicate_rows=2, null_rows=0
            ),
        ),
    )
    comments = TableProfile(
        name="comments",
        rows=108_129,
        columns=(_column("CT-TKT-ID", "INTEGER", "bigint", distinct=10_700),),
        references=(
            ReferenceProfile(
                columns=("CT-TKT-ID",),
                parent_table="tickets",
                parent_columns=("TKT-Ticket ID",),
                declared=False,
                orphans=14,
            ),
        ),
    )
    timesheets = TableProfile(
        name="timesheets",
        rows=141_062,
        columns=(_column("TS-Hours", "REAL", "double precision", distinct=48),),
    )
    return Profile(
        source_fingerprint=FINGERPRINT,
        tables=(tickets, comments, timesheets),
        findings=FINDINGS,
        quality=quality(91.4),
    )


def sampled(rows: int = 2_048) -> Seen:
    """The tables as their samples have them."""
    return Seen(
        tables=tuple(
            TableSoFar(
                profile=replace(
                    table,
                    rows=rows,
                    columns=tuple(_of_sample(column, rows) for column in table.columns),
                    keys=(),
                    references=(),
                ),
                findings=tuple(
                    replace(finding, count=1)
                    for finding in FINDINGS
                    if finding.table == table.name and finding.code == "empty-means-null"
                ),
                known="sampled",
                rows=table.rows,
            )
            for table in profile().tables
        )
    )


def _of_sample(column: ColumnProfile, rows: int) -> ColumnProfile:
    share = rows / column.rows
    return replace(
        column,
        rows=rows,
        nulls=round(column.nulls * share),
        empties=round(column.empties * share),
        forms={form: max(1, round(number * share)) for form, number in column.forms.items()},
        distinct=min(column.distinct, rows),
        distinct_exact=False,
    )


def counted(*names: str, known: Known = "counted") -> Seen:
    """Those tables with every row counted."""
    return Seen(
        tables=tuple(
            TableSoFar(
                profile=table if known == "related" else replace(table, keys=(), references=()),
                findings=tuple(finding for finding in FINDINGS if finding.table == table.name),
                known=known,
                rows=table.rows,
            )
            for table in profile().tables
            if table.name in names
        )
    )
