"""The server that a run was told to use, reached when it is first asked for.

Invariant: until a stage asks for it no server is started, so that what needs none does not wait for one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from sdmigrate.model.settings import Endpoint


@dataclass(frozen=True)
class Target:
    """One server of one run."""

    described: str
    """ "embedded", or a libpq string without its password."""
    reach: Callable[[], Endpoint]
    """Starts it where needed; raises TargetUnreachable."""

    @cached_property
    def endpoint(self) -> Endpoint:
        """The server, started where needed.

        Raises:
            TargetUnreachable: it cannot be made or started.
        """
        return self.reach()
