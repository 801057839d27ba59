"""docs/findings.md lists every code, and no code is used that is not listed."""

import re
from pathlib import Path

from sdmigrate.model.finding_codes import FINDING_CODES

ROOT = Path(__file__).parents[2]


def test_the_page_is_the_table() -> None:
    rows = re.findall(
        r"^\| `([a-z0-9-]+)` \| (.+) \|$", (ROOT / "docs/findings.md").read_text(), re.MULTILINE
    )
    written = {code: meaning.replace("\\|", "|") for code, meaning in rows}
    assert written == FINDING_CODES


def test_every_code_in_the_source_is_described() -> None:
    used = {
        code
        for path in (ROOT / "sdmigrate").rglob("*.py")
        for code in re.findall(r'code="([a-z0-9-]+)"', path.read_text())
    }
    assert used
    assert used - FINDING_CODES.keys() == set()
