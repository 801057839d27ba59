"""The timesheets of a demo database, sound ones only.

Invariant: hours lie between 0 and 24 and equal the time from start to end; about one entry in ten names a
ticket of the register, the others are administrative and name none, as the desk expects.
"""

from collections.abc import Iterator, Sequence
from random import Random

from sdmigrate.demo.calendar import DAY, SPAN, day_of, text_of
from sdmigrate.demo.tickets import Register, picked
from sdmigrate.demo.vocabulary import Desk
from sdmigrate.model.values import Row, Value

BATCH = 1000
_ON_A_TICKET = 0.10
_WORK = (
    ("Support", "Incident work"),
    ("Support", "Customer call"),
    ("Project", "Migration"),
    ("Project", "Workshop"),
    ("Administration", "Team meeting"),
    ("Administration", "Training"),
    ("Leave", "Annual leave"),
    ("Leave", "Sick leave"),
)
_RATES = (0.0, 85.0, 110.0, 132.5, 165.0, 187.25)


def timesheet_rows(random: Random, desk: Desk, count: int, register: Register) -> Iterator[Row]:
    """That many timesheet entries by day."""
    for first in range(0, count, BATCH):
        yield from zip(*_batch(random, desk, first, min(BATCH, count - first), count, register), strict=True)


def _batch(
    random: Random, desk: Desk, first: int, size: int, count: int, register: Register
) -> list[Sequence[Value]]:
    """Entries ``first`` and following, column by column, in the columns' order."""
    days = [SPAN // DAY * number // count for number in range(first, first + size)]
    people = random.choices(desk.people, k=size)
    clients = random.choices(desk.clients, k=size)
    work = random.choices(_WORK, weights=(5, 4, 3, 2, 3, 1, 1, 1), k=size)
    quarters = random.choices((1, 2, 3, 4, 6, 8, 16, 30), weights=(6, 8, 4, 6, 4, 3, 2, 2), k=size)
    starts = random.choices(range(28, 40), k=size)
    rates = random.choices(_RATES, k=size)
    return [
        [f"{kind} – {client.name}" for (_, kind), client in zip(work, clients, strict=True)],
        [person.name for person in people],
        [person.username for person in people],
        [day_of(day * DAY) for day in days],
        [_clock(start) for start in starts],
        [_clock(start + length) for start, length in zip(starts, quarters, strict=True)],
        [length / 4 for length in quarters],
        [category for category, _ in work],
        [kind for _, kind in work],
        picked(random, ("Normal", "Normal", "Normal", "Overtime", "On call"), size),
        _references(random, register, size),
        random.choices(desk.actions, k=size),
        [client.name for client in clients],
        [client.key for client in clients],
        [f"CC{person.number % 12:03d}" for person in people],
        [f"PRJ-{client.number % 97:04d}" for client in clients],
        [text_of(min(SPAN, day * DAY + 17 * 3600 + random.randrange(9 * DAY))) for day in days],
        picked(random, ("Y", "Y", "Y", "Y", "N"), size),
        ["1" if rate else "0" for rate in rates],
        rates,
        picked(random, desk.outcomes, size, 0.35),
    ]


def _clock(quarters: int) -> str:
    """``HH:MM:SS`` of that many quarters of an hour after midnight."""
    return f"{quarters // 4:02d}:{quarters % 4 * 15:02d}:00"


def _references(random: Random, register: Register, size: int) -> list[Value]:
    """A ticket's id as text for one entry in ten, an administrative code for the others."""
    draw = random.random
    codes = random.choices(range(40), k=size)
    return [
        str(random.choice(register.ids)) if draw() < _ON_A_TICKET else f"ADM-{code:03d}" for code in codes
    ]
