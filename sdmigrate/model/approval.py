"""The only way to an Approval: the schema's name, typed.

Invariant: no face can skip the question, since cutover and rollback take an Approval as a parameter.
"""

from sdmigrate.model.errors import UnsafeToContinue
from sdmigrate.model.result import Approval


def approve(schema: str, typed: str) -> Approval:
    """The approval for this schema, given that its exact name was typed.

    Raises:
        UnsafeToContinue: another text was typed.
    """
    if typed != schema:
        raise UnsafeToContinue(
            f"The name typed is not the schema's name {schema!r}; nothing was switched.",
            f"Type {schema} exactly, or pass --confirm {schema}.",
        )
    return Approval(schema=schema)
