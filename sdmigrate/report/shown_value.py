"""One stored value as a line for people: its storage class, and its text, or its bytes where text would lie.

Invariant: bounded, on one line, of characters that neither act on a terminal nor hide what is there.
"""

from sdmigrate.model.values import Value, stored
from sdmigrate.report.plain import plain
from sdmigrate.rules.wording import plural

_MOST_BYTES = 60


def shown(value: Value) -> str:
    """Such as ``text '31/02/2025'``, ``integer 5``, ``blob, 3 bytes: 00 ff 61`` or ``NULL``.

    A text with anything in it that cannot be seen (a NUL, another control character, a byte that is no UTF-8)
    is followed by its bytes in hex; so is one that begins or ends with white space. Long ones are cut.
    """
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"blob, {_bytes(value)}"
    told = stored(value)
    if not isinstance(value, str):
        return f"{told.storage} {told.text}"
    line = f"text '{plain(told.text)}'"
    seen = value.isprintable() and value == value.strip()
    return line if seen else f"{line}, {_bytes(value.encode('utf-8', 'surrogateescape'))}"


def _bytes(octets: bytes) -> str:
    cut = " …" if len(octets) > _MOST_BYTES else ""
    told = f": {octets[:_MOST_BYTES].hex(' ')}{cut}" if octets else ""
    return plural(len(octets), "byte") + told
