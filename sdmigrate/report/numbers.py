"""Numbers as every report writes them: thousands separated, units named.

Invariant: the same number is written the same way in every report.
"""


def count(number: int) -> str:
    """A whole number, thousands separated by commas."""
    return f"{number:,}"


def share(part: float) -> str:
    """A share from 0 to 1 as a percentage; 0 % and 100 % are said only where they are exact."""
    if part in (0.0, 1.0):
        return f"{part:.0%}".replace("%", " %")
    if part < 0.0005:
        return "< 0.1 %"
    if part > 0.9995:
        return "> 99.9 %"
    return f"{part * 100:.1f} %"


def measured(value: float | str) -> str:
    """A gate's value or limit: text as it is, numbers with at most four significant decimals."""
    if isinstance(value, str):
        return value
    if float(value).is_integer():
        return f"{int(value):,}"
    return f"{value:,.4f}".rstrip("0")


def duration(seconds: float) -> str:
    """Milliseconds below a second, seconds below two minutes, then minutes and hours."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def rate(rows: int, seconds: float) -> str:
    """Rows a second; empty where nothing was measured."""
    return f"{rows / seconds:,.0f} rows/s" if rows and seconds > 0 else ""


def size(octets: float) -> str:
    """Bytes in the largest binary unit that leaves at least one before the point."""
    if octets < 1024:
        return f"{octets:,.0f} bytes"
    for unit in ("KiB", "MiB", "GiB"):
        octets /= 1024
        if octets < 1024:
            return f"{octets:,.1f} {unit}"
    return f"{octets / 1024:,.1f} TiB"
