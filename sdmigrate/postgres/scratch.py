"""The schemas of a rehearsal on a server: named beforehand, and gone afterwards.

Invariant: the names are known before the first is created, and nothing is dropped unless our bookkeeping,
created first and dropped last, is there to say that the rest is ours.
"""

from sdmigrate.model.protocols import CancelSignal
from sdmigrate.model.record import Record
from sdmigrate.model.settings import Endpoint
from sdmigrate.postgres.bookkeeping import Bookkeeping
from sdmigrate.postgres.connect import connect
from sdmigrate.postgres.dropping import drop_schema

LONGEST_KEPT = 24
"""Bytes of the stable name in a scratch name, so that a release's name made from it has at most 63."""


class ScratchPair(Record):
    """The names that a rehearsal's run creates."""

    live: str
    """Stands for the stable schema: what the rehearsal cuts over to and rolls back from."""
    release: str
    """The release that is loaded and switched."""
    canary: str
    bookkeeping: str
    """Has the rehearsal's own tables of releases, parts and locks."""


def scratch_names(schema: str, stamp: str) -> ScratchPair:
    """The names for a rehearsal of that stable schema by the run of that stamp; at most 62 bytes each."""
    kept = schema.encode()[:LONGEST_KEPT].decode(errors="ignore")
    live = f"{kept}__t{stamp}"
    return ScratchPair(
        live=live,
        release=f"{live}__r{stamp}",
        canary=f"{live}__c{stamp}",
        bookkeeping=f"{kept}__b{stamp}",
    )


def drop_scratch(endpoint: Endpoint, pair: ScratchPair, cancel: CancelSignal | None = None) -> bool:
    """Drop whatever of the rehearsal is there, also what a killed one left; False where nothing was.

    Raises:
        UnsafeToContinue: others' objects hang on it.
        TargetUnreachable: the target cannot be reached, or the bookkeeping's name is somebody else's schema.
    """
    with connect(endpoint, purpose="scratch") as connection:
        if not Bookkeeping(pair.bookkeeping).exists(connection):
            return False
        for schema in (pair.canary, pair.live, pair.release, pair.bookkeeping):
            drop_schema(connection, schema, cancel)
    return True
