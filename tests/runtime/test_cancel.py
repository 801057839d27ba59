"""A wish to stop reaches what blocks, and only becomes Aborted once the work has ended."""

import sqlite3
import threading
import time

import pytest

from sdmigrate.model.errors import Aborted, Refused
from sdmigrate.runtime.cancel import CancelToken

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


def test_a_blocking_query_is_interrupted_and_told_as_aborted() -> None:
    token = CancelToken()
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    threading.Timer(0.1, token.set).start()
    began = time.monotonic()
    with pytest.raises(Aborted), token.interrupting(connection.interrupt):
        connection.execute(ENDLESS).fetchone()
    assert time.monotonic() - began < 10
    connection.close()


def test_an_error_without_a_wish_stays_what_it_is() -> None:
    token = CancelToken()
    with pytest.raises(sqlite3.OperationalError), token.interrupting(lambda: None):
        raise sqlite3.OperationalError("no such table")


def test_a_named_refusal_is_not_hidden_by_a_later_wish() -> None:
    token = CancelToken()

    def refuse() -> None:
        token.set()
        raise Refused("no", "why")

    with pytest.raises(Refused), token.interrupting(lambda: None):
        refuse()


def test_a_wish_that_came_while_the_block_ended_well_stops_after_it() -> None:
    token = CancelToken()
    with pytest.raises(Aborted), token.interrupting(lambda: None):
        token.set()


def test_reset_forgets_the_wish() -> None:
    token = CancelToken()
    token.set()
    token.reset()
    token.raise_if_set()
    assert not token.is_set()
