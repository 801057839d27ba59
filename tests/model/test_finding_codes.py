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


def test_every_code_is_shown_by_a_case_or_a_test() -> None:
    expected = [path.read_text() for path in (ROOT / "tests/cases").glob("*/expected.toml")]
    shown = {code for text in expected for code in re.findall(r"""['"]([a-z0-9-]+)[^'"\n]*: \d+['"]""", text)}
    # Screens and reports show findings that were made up for them.
    tests = (
        path for part in ("rules", "stages", "cli", "demo") for path in (ROOT / "tests" / part).rglob("*.py")
    )
    shown |= {code for path in tests for code in re.findall(r'"([a-z0-9-]+)"', path.read_text())}
    assert FINDING_CODES.keys() - shown == set()


def test_every_code_in_the_source_is_described() -> None:
    used = {
        code
        for path in (ROOT / "sdmigrate").rglob("*.py")
        for code in re.findall(r'code="([a-z0-9-]+)"', path.read_text())
    }
    assert used
    assert used - FINDING_CODES.keys() == set()
