"""A password is masked while it is typed, whatever form the connection string has."""

import pytest

from sdmigrate.tui.mask import masked


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("embedded", "embedded"),
        ("postgresql://ops@db/app", "postgresql://ops@db/app"),
        ("postgresql://db:5432/app", "postgresql://db:5432/app"),
        ("postgresql://ops:s3cret@db:5432/app", "postgresql://ops:••••••@db:5432/app"),
        ("postgresql://ops:s3c", "postgresql://ops:•••"),
        ("postgres://ops:a/b@c@db/app", "postgres://ops:•••••@db/app"),
        ("POSTGRESQL://ops:x@db", "POSTGRESQL://ops:•@db"),
        (
            "postgresql://db/app?user=ops&password=s3cret&sslmode=require",
            "postgresql://db/app?user=ops&password=••••••&sslmode=require",
        ),
        ("postgresql://db/app?p%61ssword=s3cret", "postgresql://db/app?p%61ssword=••••••"),
        ("host=db password=s3cret user=ops", "host=db password=•••••• user=ops"),
        ("host=db password = 'a b\\'c' user=ops", "host=db password = •••••••• user=ops"),
        ("host=db password='not closed", "host=db password=•••••••••••"),
        ("host=db sslpassword=x", "host=db sslpassword=•"),
    ],
)
def test_the_password_is_masked_and_the_length_kept(typed: str, shown: str) -> None:
    assert masked(typed) == shown
    assert len(masked(typed)) == len(typed)


@pytest.mark.parametrize(
    "whole", ["postgresql://ops:s3cret@db:5432/app", "host=db password='s3 cret' user=ops", "password=s3cret"]
)
def test_no_moment_of_typing_shows_the_password(whole: str) -> None:
    for end in range(len(whole) + 1):
        shown = masked(whole[:end])
        assert "s3" not in shown
        assert "cret" not in shown
