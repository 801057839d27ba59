"""Fixtures: a still screen, a script, snapshots as SVG files."""

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from textual.widgets import Input

from sdmigrate.tui.app import WizardApp
from tests.tui.scripted import Stage


class SvgExtension(SingleFileSnapshotExtension):
    """One SVG file a screen, to be looked at."""

    file_extension = "svg"
    _write_mode = WriteMode.TEXT


@pytest.fixture(autouse=True)
def _still_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(Input, "cursor_blink", False)
    monkeypatch.setattr(WizardApp, "SAMPLING_SECONDS", 0.02)


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def svg(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(SvgExtension)
