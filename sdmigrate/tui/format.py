"""Data and numbers as text for the screen.

Invariant: whatever comes from a file, a server or an operator reaches a widget through ``cell`` or
``plain`` only: no markup is read in it, and no control, formatting or lone surrogate character is left.
"""

import unicodedata

from rich.text import Text

from sdmigrate.model.values import StoredValue

LONGEST = 2000
"""Characters beyond which no text is shown in one place."""

_PICTURES = {code: chr(0x2400 + code) for code in range(0x20)} | {0x0A: "↵", 0x09: "⇥", 0x7F: "␡"}
_EIGHTHS = " ▏▎▍▌▋▊▉"
_UNSEEN = "�"
_UNSHOWN_CATEGORIES = {"Cc", "Cf", "Cs", "Zl", "Zp", "Cn"}


def plain(value: object, limit: int = LONGEST) -> str:
    """The value on one line, control characters as visible pictures, cut to ``limit`` characters.

    None gives an empty text; a StoredValue gives its text.
    """
    if value is None:
        return ""
    text = value.text if isinstance(value, StoredValue) else str(value)
    cut = len(text) > limit
    shown = visible(text[:limit])
    return shown[: limit - 1] + "…" if cut else shown


def visible(text: str) -> str:
    """The text with every control, formatting or lone surrogate character replaced by one visible one."""
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character.isalnum() or character == " ":
        return character
    picture = _PICTURES.get(ord(character))
    if picture is not None:
        return picture
    return _UNSEEN if unicodedata.category(character) in _UNSHOWN_CATEGORIES else character


def cell(value: object, width: int | None = None, style: str = "") -> Text:
    """The value as text that no widget reads markup in, cut to ``width`` terminal cells where given."""
    text = Text(plain(value), style=style, no_wrap=True, end="")
    if width is not None:
        text.truncate(width, overflow="ellipsis")
    return text


def fitted(value: object, width: int) -> str:
    """The value in exactly that many terminal cells: cut with an ellipsis, or filled up with spaces."""
    text = Text(plain(value))
    text.truncate(width, overflow="ellipsis", pad=True)
    return text.plain


def count(number: int) -> str:
    """A whole number with thousands separated."""
    return f"{number:,}"


def share(part: float) -> str:
    """A share from 0 to 1 as a percentage; never 100 % or 0 % unless it is exactly that."""
    percent = part * 100
    if part not in (0.0, 1.0) and not 0.1 <= percent <= 99.9:
        return "< 0.1 %" if percent < 1 else "> 99.9 %"
    return f"{percent:.0f} %" if percent == int(percent) else f"{percent:.1f} %"


def duration(seconds: float) -> str:
    """Milliseconds below one second, tenths below ten, then m:ss, then h:mm:ss."""
    if seconds < 0.95:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    return clock(seconds)


def clock(seconds: float) -> str:
    """Whole seconds as m:ss or h:mm:ss."""
    whole = int(max(0.0, seconds))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def size(octets: int) -> str:
    """Bytes in the largest unit that leaves at least one before the point (1024 to the unit)."""
    amount = float(octets)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:,.0f} {unit}" if unit == "bytes" else f"{amount:,.1f} {unit}"
        amount /= 1024
    return f"{amount:,.1f} TiB"


def rate(per_second: float, unit: str) -> str:
    """Units a second; "-" before anything was measured."""
    if per_second <= 0:
        return f"- {unit}/s"
    if per_second >= 1_000_000:
        return f"{per_second / 1_000_000:.1f} M {unit}/s"
    if per_second < 10:
        return f"{per_second:.1f} {unit}/s"
    return f"{per_second:,.0f} {unit}/s"


def bar(done: int, total: int, width: int) -> str:
    """A bar of that many cells, filled to an eighth of a cell."""
    portion = min(1.0, done / total) if total > 0 else 1.0
    eighths = int(portion * width * 8)
    full, rest = divmod(eighths, 8)
    filled = "█" * full + (_EIGHTHS[rest] if rest else "")
    return filled


def file_name(path: str) -> str:
    """The last part of a path, safe to show."""
    return plain(path.rstrip("/").rsplit("/", 1)[-1])
