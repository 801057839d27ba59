"""metrics.prom: the run's numbers in Prometheus' text format, for a node exporter's textfile collector.

Invariant: written whole at the end of a run, from its last event; names and labels are stable
(docs/metrics.md).
"""

from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from sdmigrate.model.events import RunFinished
from sdmigrate.runtime.directory import written_whole


def write_metrics(path: Path, finished: RunFinished, *, finished_at: float) -> None:
    """Write the metrics of a run.

    Args:
        path: metrics.prom in the run directory.
        finished: the run's last event.
        finished_at: Unix time in seconds.
    """
    registry = CollectorRegistry()

    def gauge(name: str, meaning: str, labels: tuple[str, ...] = ()) -> Gauge:
        return Gauge(f"sdmigrate_{name}", meaning, labels, registry=registry)

    gauge("run_exit_code", "Exit code of the run").set(finished.exit_code)
    gauge("run_finished_timestamp_seconds", "When the run ended, Unix time").set(finished_at)
    seconds = gauge("stage_seconds", "Wall time of a stage", ("stage", "status"))
    for stage in finished.stages:
        seconds.labels(stage.name, stage.status).set(stage.seconds)
    score = gauge("quality_score", "Quality score, 0 to 100", ("when",))
    for when, value in (("before", finished.quality.before), ("after", finished.quality.after)):
        if value is not None:
            score.labels(when).set(value)
    rows = gauge("rows", "Rows by what became of them", ("table", "fate"))
    changed = gauge("values_changed", "Values changed by accepted rules", ("table",))
    for table in finished.tables:
        for fate in ("read", "loaded", "quarantined", "deduplicated", "excluded"):
            rows.labels(table.source, fate).set(getattr(table, fate))
        changed.labels(table.source).set(table.changed)
    counts: dict[tuple[str, str], int] = {}
    for finding in finished.findings:
        key = (finding.code, finding.severity)
        counts[key] = counts.get(key, 0) + finding.count
    values = gauge("finding_values", "Values or rows that a finding concerns", ("code", "severity"))
    for (code, severity), count in counts.items():
        values.labels(code, severity).set(count)
    with written_whole(path) as partial:
        partial.write_bytes(generate_latest(registry))
