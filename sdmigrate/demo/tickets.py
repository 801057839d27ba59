"""The tickets of a demo database, sound ones only.

Invariant: a ticket is created before it is answered, answered before it is resolved, and resolved before it
is closed; ids rise with the time of creation and are unique.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from sdmigrate.demo.calendar import DAY, MORNING, SPAN, month_of, text_of
from sdmigrate.demo.vocabulary import TEAMS, Desk
from sdmigrate.model.values import Row, Value

FIRST_ID = 100_001
BATCH = 500
_WORKING_DAY = 11 * 3600
_CLOSED_AFTER = 12 * DAY
"""A ticket older than this may be closed."""


@dataclass
class Register:
    """What comments and timesheets need to know of each ticket, 17 bytes a ticket."""

    ids: "array[int]" = field(default_factory=lambda: array("q"))
    """As written into the file, so entered by whoever writes it."""
    created: "array[int]" = field(default_factory=lambda: array("q"))
    teams: "array[int]" = field(default_factory=lambda: array("b"))

    def entered(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The same rows; the id that each really carries is entered."""
        for row in rows:
            if isinstance(row[0], int):
                self.ids.append(row[0])
            yield row


def thinned(random: Random, values: Sequence[Value], share: float) -> list[Value]:
    """The values with all but about that share replaced by NULL."""
    draw = random.random
    return [value if draw() < share else None for value in values]


def picked(random: Random, choices: Sequence[str], count: int, share: float = 1.0) -> list[Value]:
    """That many random choices, about ``share`` of them not NULL."""
    drawn: list[Value] = list(random.choices(choices, k=count))
    return drawn if share >= 1 else thinned(random, drawn, share)


def ticket_rows(random: Random, desk: Desk, count: int, register: Register) -> Iterator[Row]:
    """That many tickets in the order of creation; times and teams are entered into the register."""
    for first in range(0, count, BATCH):
        yield from zip(*_batch(random, desk, first, min(BATCH, count - first), count, register), strict=True)


def _batch(
    random: Random, desk: Desk, first: int, size: int, count: int, register: Register
) -> list[Sequence[Value]]:
    """Tickets ``first`` and following, column by column, in the columns' order."""
    numbers = range(first, first + size)
    ids = [FIRST_ID + 3 * number + random.randrange(3) for number in numbers]
    created = [_created(random, number, count) for number in numbers]
    teams = random.choices(range(len(TEAMS)), weights=(9, 3, 3, 2, 3, 3, 1, 1), k=size)
    register.created.extend(created)
    register.teams.extend(teams)

    known = register.ids or ids[:1]
    answered = [seconds + random.randrange(120, 4 * 3600) for seconds in created]
    resolved = [seconds + int(random.expovariate(1 / (1.6 * DAY))) + 600 for seconds in answered]
    closed = [seconds + random.randrange(3600, 5 * DAY) for seconds in resolved]
    is_closed = [
        end < SPAN and begin < SPAN - _CLOSED_AFTER and random.random() < 0.735
        for begin, end in zip(created, closed, strict=True)
    ]
    modified = [
        min(SPAN, end if shut else begin + 900)
        for begin, end, shut in zip(created, closed, is_closed, strict=True)
    ]
    closed_text: list[str | None] = [
        text_of(end) if shut else None for end, shut in zip(closed, is_closed, strict=True)
    ]
    closed_month: list[Value] = [text and month_of(text) for text in closed_text]
    created_text = [text_of(seconds) for seconds in created]
    clients = random.choices(desk.clients, weights=range(len(desk.clients), 0, -1), k=size)
    assigned = random.choices(desk.people, k=size)
    authors = random.choices(desk.people, k=size)
    met = [picked(random, ("Yes", "Yes", "Yes", "Yes", "Yes", "Yes", "Yes", "No"), size) for _ in range(2)]
    both = ["Yes" if (one, other) == ("Yes", "Yes") else "No" for one, other in zip(*met, strict=True)]
    changes = [random.random() < 0.045 for _ in range(size)]
    starts = [
        begin + random.randrange(DAY, 6 * DAY) if yes else None
        for begin, yes in zip(created, changes, strict=True)
    ]
    ends = [begin and begin + random.randrange(1800, 6 * 3600) for begin in starts]
    return [
        ids,
        thinned(random, [float(random.choice(known)) for _ in numbers], 0.02),
        thinned(random, [f"CR-{random.randrange(10_000, 99_999)}" for _ in numbers], 0.03),
        created_text,
        [month_of(text) for text in created_text],
        picked(random, ("Gold 24x7", "Silver 8x5", "Silver 8x5", "Bronze best effort"), size),
        [float(client.number) for client in clients],
        [client.name for client in clients],
        picked(random, ("Metro", "Regional", "Remote"), size, 0.004),
        picked(random, ("Active", "Active", "Active", "Closing"), size),
        [client.key for client in clients],
        random.choices(desk.titles, k=size),
        _descriptions(random, desk, size),
        picked(random, ("1 - Critical", "2 - Major", "3 - Minor", "3 - Minor", "4 - Cosmetic"), size),
        [
            "Closed" if shut else random.choice(("New", "Open", "In Progress", "Pending", "Resolved"))
            for shut in is_closed
        ],
        [person.number for person in assigned],
        [person.name for person in assigned],
        thinned(
            random, [f"J{random.randrange(1000, 9999)}/{random.randrange(1, 40)}" for _ in numbers], 0.02
        ),
        [TEAMS[team] for team in teams],
        [text_of(seconds) for seconds in modified],
        picked(
            random, ("Incident", "Incident", "Service Request", "Service Request", "Change", "Problem"), size
        ),
        picked(
            random,
            ("Fixed remotely", "Fixed on site", "Advice given", "Configuration", "No fault found"),
            size,
            0.97,
        ),
        picked(
            random,
            ("Software", "Hardware", "Network", "User education", "Third party", "Unknown"),
            size,
            0.95,
        ),
        [person.number for person in authors],
        [person.name for person in authors],
        [client.name for client in clients],
        picked(random, ("Email", "Phone", "Portal", "Monitoring", "Walk-in"), size),
        [None] * size,
        [None] * size,
        thinned(random, [text_of(min(SPAN, seconds)) for seconds in answered], 0.98),
        thinned(random, [text_of(min(SPAN, seconds)) for seconds in resolved], 0.96),
        met[0],
        met[1],
        both,
        picked(random, ("No", "No", "No", "No", "No", "No", "No", "No", "No", "Yes"), size),
        picked(random, ("Waiting for customer", "Public holiday"), size, 0.004),
        ["Stopped" if shut else random.choice(("Running", "Paused")) for shut in is_closed],
        picked(random, ("Parts on order", "Vendor delay", "Incorrect priority"), size, 0.006),
        picked(random, desk.outcomes, size, 0.005),
        [None] * size,
        closed_text,
        closed_month,
        thinned(random, [" ".join(random.choices(desk.outcomes, k=2)) for _ in numbers], 0.97),
        closed_text,
        closed_month,
        ["Yes" if month == "June 2025" else "No" for month in closed_month],
        ["Yes" if month == "May 2025" else "No" for month in closed_month],
        ["Met" if met_both == "Yes" else "Missed" for met_both in both],
        *[_where(changes, picked(random, choices, size)) for choices in _CHANGE_CHOICES],
        [begin and text_of(begin) for begin in starts],
        [end and text_of(end) for end in ends],
        *[_where(changes, picked(random, desk.actions, size)) for _ in range(2)],
        picked(random, ("Yes",), size, 0.003),
        picked(random, ("Windows", "Windows", "macOS", "Linux", "iOS", "Android", "Network"), size),
        picked(random, ("Corporate", "Retail", "Public sector"), size),
        picked(random, ("P1", "P2", "P2", "P3", "P3", "P3", "P4", "P4"), size),
    ]


_CHANGE_CHOICES = (
    ("Standard", "Normal", "Emergency"),
    ("Low", "Medium", "High"),
    ("Single user", "One site", "All sites"),
    ("Approved", "Requested", "Rejected"),
)


def _created(random: Random, number: int, count: int) -> int:
    """Seconds of creation of the n-th ticket: evenly over the span, within working hours."""
    day = SPAN // DAY * number // count
    return day * DAY + MORNING + random.randrange(_WORKING_DAY)


def _where(wanted: Sequence[bool], values: Sequence[Value]) -> list[Value]:
    """The values where wanted, NULL elsewhere."""
    return [value if yes else None for yes, value in zip(wanted, values, strict=True)]


def _descriptions(random: Random, desk: Desk, size: int) -> list[Value]:
    """Long texts of one to three paragraphs."""
    lengths = random.choices((2, 3, 4, 6, 9, 14), weights=(20, 25, 25, 15, 10, 5), k=size)
    texts: list[Value] = []
    for length in lengths:
        body = " ".join(random.choices(desk.symptoms, k=length))
        texts.append(f"Hi team,\n\n{body}\n{random.choice(desk.outcomes)}\nThanks" if length > 3 else body)
    return texts
