"""Canonical values as PostgreSQL's binary wire format.

Invariant: exact; a value out of its type's canonical form raises ValueError and is never bent to fit.
https://www.postgresql.org/docs/current/protocol-overview.html#PROTOCOL-FORMAT-CODES
"""

import struct
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from ipaddress import ip_interface
from typing import TypeAlias

from psycopg.adapt import PyFormat, Transformer

from sdmigrate.postgres.types import TypeName

Scalar: TypeAlias = int | float | str | bytes
Encoder: TypeAlias = Callable[[Scalar], bytes]

_EPOCH = date(2000, 1, 1).toordinal()
_DAY = 86_400_000_000
"""Microseconds."""


def encoder(kind: TypeName) -> Encoder:
    """What turns a canonical value of that type into its binary form."""
    return _ENCODERS[kind.base]


def _octets(value: Scalar) -> bytes:
    if isinstance(value, bytes):
        return value
    return (value if isinstance(value, str) else repr(value)).encode()


def _text(value: Scalar) -> str:
    return value.decode("ascii") if isinstance(value, bytes) else str(value)


def _integer(layout: str) -> Encoder:
    packed = struct.Struct(layout)

    def encode(value: Scalar) -> bytes:
        if not isinstance(value, int):
            raise ValueError(f"{value!r} is no integer")  # noqa: TRY004 - one error for every wrong form
        try:
            return packed.pack(value)
        except struct.error as error:
            raise ValueError(f"{value!r} is out of range") from error

    return encode


def _boolean(value: Scalar) -> bytes:
    if value not in (0, 1):
        raise ValueError(f"{value!r} is neither 0 nor 1")
    return b"\x01" if value else b"\x00"


def _double(value: Scalar) -> bytes:
    if not isinstance(value, int | float):
        raise ValueError(f"{value!r} is no number")  # noqa: TRY004 - one error for every wrong form
    return struct.pack(">d", value)


def _numeric(value: Scalar) -> bytes:
    try:
        number = Decimal(repr(value) if isinstance(value, float) else _text(value))
    except InvalidOperation as error:
        raise ValueError(f"{value!r} is no number") from error
    return bytes(Transformer().get_dumper(number, PyFormat.BINARY).dump(number) or b"")


def _microseconds(text: str) -> int:
    """Microseconds of ``[-]HH:MM:SS[.ffffff]``; hours may be more than 24."""
    sign, text = (-1, text[1:]) if text.startswith("-") else (1, text)
    hours, minutes, seconds = text.split(":")
    whole, _, fraction = seconds.partition(".")
    in_seconds = (int(hours) * 60 + int(minutes)) * 60 + int(whole)
    return sign * (in_seconds * 1_000_000 + int(fraction.ljust(6, "0") or 0))


def _date(value: Scalar) -> bytes:
    return struct.pack(">i", date.fromisoformat(_text(value)).toordinal() - _EPOCH)


def _time(value: Scalar) -> bytes:
    return struct.pack(">q", _microseconds(_text(value)))


def _interval(value: Scalar) -> bytes:
    """``[N years ][N mons ][N days ][[-]HH:MM:SS[.ffffff]]``; PostgreSQL keeps the three apart."""
    words = _text(value).split(" ")
    parts = dict.fromkeys(("year", "mon", "day"), 0)
    while len(words) > 1:
        parts[words[1].removesuffix("s")] = int(words[0])
        words = words[2:]
    clock = _microseconds(words[0]) if words else 0
    return struct.pack(">qii", clock, parts["day"], 12 * parts["year"] + parts["mon"])


def _timestamp(value: Scalar) -> bytes:
    text = _text(value).removesuffix("+00")
    days = date.fromisoformat(text[:10]).toordinal() - _EPOCH
    return struct.pack(">q", days * _DAY + _microseconds(text[11:]))


def _uuid(value: Scalar) -> bytes:
    octets = bytes.fromhex(_text(value).replace("-", ""))
    if len(octets) != 16:
        raise ValueError(f"{value!r} is no uuid")
    return octets


def _jsonb(value: Scalar) -> bytes:
    return b"\x01" + _octets(value)


def _inet(value: Scalar) -> bytes:
    address = ip_interface(_text(value))
    family = 2 if address.version == 4 else 3
    return struct.pack(">BBBB", family, address.network.prefixlen, 0, len(address.packed)) + address.packed


_ENCODERS: dict[str, Encoder] = {
    "boolean": _boolean,
    "smallint": _integer(">h"),
    "integer": _integer(">i"),
    "bigint": _integer(">q"),
    "double precision": _double,
    "numeric": _numeric,
    "text": _octets,
    "varchar": _octets,
    "json": _octets,
    "bytea": _octets,
    "jsonb": _jsonb,
    "date": _date,
    "time": _time,
    "timestamp": _timestamp,
    "timestamptz": _timestamp,
    "interval": _interval,
    "uuid": _uuid,
    "inet": _inet,
}
