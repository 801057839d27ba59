"""The comments of a demo database, sound ones only.

Invariant: each comment belongs to a ticket of the register and is written after that ticket was created.
"""

from collections.abc import Iterator, Sequence
from random import Random

from sdmigrate.demo.calendar import DAY, SPAN, text_of
from sdmigrate.demo.tickets import Register, picked
from sdmigrate.demo.vocabulary import TEAMS, Desk
from sdmigrate.model.values import Row, Value

BATCH = 1000
_FIRST_ID = 700_001


def comment_rows(random: Random, desk: Desk, count: int, register: Register) -> Iterator[Row]:
    """That many comments, in the order of their tickets."""
    for first in range(0, count, BATCH):
        yield from zip(*_batch(random, desk, first, min(BATCH, count - first), count, register), strict=True)


def _batch(
    random: Random, desk: Desk, first: int, size: int, count: int, register: Register
) -> list[Sequence[Value]]:
    """Comments ``first`` and following, column by column, in the columns' order."""
    tickets = [number * len(register.ids) // count for number in range(first, first + size)]
    authors = random.choices(desk.people, k=size)
    kinds = random.choices(("system", "comments", "worknotes"), weights=(3, 4, 5), k=size)
    written = [
        min(SPAN, register.created[ticket] + 60 + int(random.expovariate(1 / (1.5 * DAY))))
        for ticket in tickets
    ]
    return [
        range(_FIRST_ID + first, _FIRST_ID + first + size),
        [register.ids[ticket] for ticket in tickets],
        _texts(random, desk, kinds),
        [str(author.number) for author in authors],
        [author.name for author in authors],
        ["SYSTEM" if kind == "system" else random.choice(("AGENT", "AGENT", "REQUESTER")) for kind in kinds],
        [text_of(seconds) for seconds in written],
        picked(random, ("Y",), size, 0.001),
        kinds,
        [TEAMS[register.teams[ticket]] for ticket in tickets],
    ]


def _texts(random: Random, desk: Desk, kinds: Sequence[str]) -> list[Value]:
    """One line for the system's own, up to some 1,700 characters for people's."""
    lengths = random.choices((2, 4, 6, 9, 14, 22), weights=(20, 25, 25, 16, 10, 4), k=len(kinds))
    texts: list[Value] = []
    for kind, length in zip(kinds, lengths, strict=True):
        if kind == "system":
            state = random.choice(("Open", "In Progress", "Pending", "Resolved", "Closed"))
            texts.append(f"Status changed to {state}; assignment rule {random.randrange(1000)} applied.")
        else:
            texts.append(
                " ".join(random.choices(desk.actions, k=length)) + "\n" + random.choice(desk.outcomes)
            )
    return texts
