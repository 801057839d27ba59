"""What a run was begun with, read from its journal.

Invariant: a run without that first entry never began.
"""

from sdmigrate.model.errors import UnsafeToContinue
from sdmigrate.runtime.journal import Journal
from sdmigrate.runtime.runs import RunFacts


def run_facts(journal: Journal) -> RunFacts:
    """What the run was begun with.

    Raises:
        UnsafeToContinue: it was killed before its first entry.
    """
    facts = journal.noted("run", RunFacts)
    if facts is None:
        raise UnsafeToContinue(
            "This run was stopped before it began; there is nothing to go on from.", "Start a new run."
        )
    return facts
