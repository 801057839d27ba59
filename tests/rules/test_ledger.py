"""The ledger balances, or the run goes no further."""

import pytest

from sdmigrate.model.errors import InternalFault
from sdmigrate.model.result import TableLedger
from sdmigrate.rules.ledger import check_balance


def test_every_row_counted_once_passes() -> None:
    check_balance(
        [
            TableLedger(table="a", read=10, loaded=4, quarantined=3, deduplicated=2, excluded=1, changed=99),
            TableLedger(table="b", read=0, loaded=0),
        ]
    )


@pytest.mark.parametrize("loaded", [8, 10])
def test_a_row_lost_or_counted_twice_is_a_fault(loaded: int) -> None:
    right = TableLedger(table="a", read=1, loaded=1)
    wrong = TableLedger(table="b", read=10, loaded=loaded, excluded=1)
    with pytest.raises(InternalFault, match=f"'b': 10 read, but {loaded} loaded"):
        check_balance([right, wrong])
