"""How a value travels from SQLite through DuckDB: as text whose first letter tells its storage class.

Invariant: exact in both directions: REAL keeps every digit (quote() gives as many as a double needs), text
keeps its bytes, valid UTF-8 or not.
"""

from sdmigrate.model.values import Value


def quoted(name: str) -> str:
    """The name as SQLite reads it between double quotes."""
    return '"' + name.replace('"', '""') + '"'


def encoded(name: str) -> str:
    """SQLite expression of that column's value: NULL, or t, i, r or b and the value's text."""
    column = quoted(name)
    return (
        f"CASE typeof({column}) WHEN 'text' THEN 't' || {column} WHEN 'integer' THEN 'i' || {column}"
        f" WHEN 'real' THEN 'r' || quote({column}) WHEN 'blob' THEN 'b' || hex({column}) END"
    )


def decoded(data: bytes) -> Value:
    """The value whose encoded text these bytes are."""
    body = data[1:]
    match data[:1]:
        case b"t":
            return body.decode("utf-8", "surrogateescape")
        case b"i":
            return int(body)
        case b"r":
            return float(body.replace(b"Inf", b"inf"))
        case _:
            return bytes.fromhex(body.decode("ascii"))
