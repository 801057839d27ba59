"""The meeting: a run gets to know its target, after its source or when it is taken up with one.

Invariant: whenever it was, afterwards the run's records are the same: the target was checked, and a live
schema in the way is dumped.
"""

from msgspec.structs import replace

from sdmigrate.model.finding import in_order
from sdmigrate.model.settings import Endpoint
from sdmigrate.model.source import Snapshot, Source, TargetFacts
from sdmigrate.runtime.context import Context
from sdmigrate.stages.backup import dumped_live
from sdmigrate.stages.target_checks import check_target, target_findings


def met(context: Context, source: Source, facts: TargetFacts) -> Source:
    """What preflight found, with what it says of the target as well."""
    schema = context.request.schema
    return replace(
        source,
        target=facts,
        checks=(*source.checks, *check_target(facts, schema)),
        findings=in_order((*source.findings, *target_findings(facts, schema))),
    )


def with_dump(context: Context, source: Source, snapshot: Snapshot, endpoint: Endpoint) -> Snapshot:
    """The snapshot's record with the dump of the live schema, where there is one.

    Raises:
        TargetUnreachable: the live schema cannot be dumped.
    """
    return replace(snapshot, dump_path=dumped_live(context, source, endpoint))
