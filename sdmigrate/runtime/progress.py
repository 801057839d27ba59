"""Raw progress to progress with rate and remaining time.

Invariant: the rate is measured in this run; no remaining time is told before there is signal (1 % and one
second behind), and none where the total is unknown.
"""

from dataclasses import dataclass

from sdmigrate.model.events import Advanced, Progress

SAMPLING_SECONDS = 0.25
"""How often one table's progress is passed on at most."""


@dataclass
class _Track:
    started: float
    first_done: int
    told: float


class ProgressMeter:
    """Turns ``Advanced`` into sampled ``Progress``; one for a run."""

    def __init__(self) -> None:
        self._tracks: dict[tuple[str, str | None, str], _Track] = {}

    def measure(self, advanced: Advanced, now: float) -> Progress | None:
        """The progress to tell, or None where the last one is too fresh.

        Args:
            advanced: the driver's raw count.
            now: seconds of a monotonic clock.
        """
        key = (advanced.stage, advanced.table, advanced.unit)
        complete = advanced.total is not None and advanced.done >= advanced.total
        track = self._tracks.get(key)
        if track is None or advanced.done < track.first_done:
            track = self._tracks[key] = _Track(now, advanced.done if not complete else 0, now)
        elif now - track.told < SAMPLING_SECONDS and not complete:
            return None
        track.told = now
        return self._progress(advanced, track, now)

    @staticmethod
    def _progress(advanced: Advanced, track: _Track, now: float) -> Progress:
        elapsed = now - track.started
        rate = (advanced.done - track.first_done) / elapsed if elapsed > 0 else 0.0
        eta: float | None = None
        if advanced.total is not None and rate > 0 and elapsed >= 1.0:
            share = advanced.done / advanced.total if advanced.total else 1.0
            if share >= 0.01:
                eta = round(max(0, advanced.total - advanced.done) / rate, 1)
        return Progress(
            stage=advanced.stage,
            table=advanced.table,
            done=advanced.done,
            total=advanced.total,
            unit=advanced.unit,
            rate=round(rate, 1),
            eta_seconds=eta,
            reason=advanced.reason,
        )
