"""The ledger: every row that was read is loaded, quarantined, deduplicated or excluded, once.

Invariant: a run whose ledger does not balance goes no further.
"""

from collections.abc import Iterable

from sdmigrate.model.errors import InternalFault
from sdmigrate.model.result import TableLedger


def check_balance(ledgers: Iterable[TableLedger]) -> None:
    """Nothing, where every table's ledger balances.

    Raises:
        InternalFault: rows of a table are lost or counted twice; every such table is named with its numbers.
    """
    wrong = [ledger for ledger in ledgers if not ledger.balances]
    if wrong:
        told = "; ".join(
            f"{ledger.table!r}: {ledger.read} read, but {ledger.loaded} loaded + {ledger.quarantined}"
            f" quarantined + {ledger.deduplicated} deduplicated + {ledger.excluded} excluded"
            for ledger in wrong
        )
        raise InternalFault(
            f"The ledger does not balance: {told}.",
            "Nothing was loaded. Keep the run directory and report this.",
        )
