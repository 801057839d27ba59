"""The embedded server: made, started, found again after a kill, stopped, thrown away."""

from sdmigrate.model.settings import Endpoint
from sdmigrate.postgres.connect import connect


def test_the_server_of_the_tests_answers(postgres: Endpoint) -> None:
    with connect(postgres, purpose="test") as connection:
        row = connection.execute(
            "SELECT current_user, current_database(), current_setting('server_version_num')::int / 10000,"
            " current_setting('TimeZone'), current_setting('server_encoding')"
        ).fetchone()
    assert row == ("sdmigrate", "sdmigrate", 18, "UTC", "UTF8")
