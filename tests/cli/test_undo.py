"""Files that commands write beside a run: new, and whole or not at all."""

from pathlib import Path

import pytest

from sdmigrate.cli.undo import exported
from sdmigrate.model.errors import Aborted, UsageProblem
from sdmigrate.runtime.cancel import CancelToken


def test_a_file_whose_writing_was_stopped_is_not_there_and_no_run_is_to_be_resumed(tmp_path: Path) -> None:
    path, cancel = tmp_path / "rows.jsonl", CancelToken()

    def write() -> None:
        with exported(path) as partial:
            partial.write_text("half")
            cancel.set()
            cancel.raise_if_set()

    with pytest.raises(Aborted, match="was not written") as told:
        write()
    assert "resume" not in told.value.hint
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    with exported(path) as partial:
        partial.write_text("whole")
    with pytest.raises(UsageProblem, match="is there already"), exported(path):
        pass
    assert path.read_text() == "whole"
