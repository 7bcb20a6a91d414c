"""Each job is the verb of its name, run as a script."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

import jobs
from graphrec.cli.app import VERBS

FOLDER = Path(jobs.__path__[0])
WITHOUT_DATA = {"doctor", "export-events", "model", "serve", "session"}
SCRIPTS = sorted(path for path in FOLDER.glob("*.py") if path.name != "__init__.py")


def run(script: Path, *arguments: str) -> int:
    """Run it as `python SCRIPT ARGUMENTS` does; the exit code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [str(script), *arguments])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(script), run_name="__main__")
    return int(ended.value.code or 0)


def verb_of(script: Path) -> str:
    return script.stem.replace("_", "-")


def test_every_verb_on_data_has_its_job() -> None:
    assert {verb_of(script) for script in SCRIPTS} == VERBS.keys() - WITHOUT_DATA


@pytest.mark.parametrize("script", SCRIPTS, ids=verb_of)
def test_a_job_is_its_verb(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(script, "--help") == 0
    assert f"Usage: graphrec {verb_of(script)} [OPTIONS]" in capsys.readouterr().out


@pytest.mark.parametrize("script", SCRIPTS, ids=verb_of)
def test_a_job_passes_on_its_arguments_and_the_exit_code(
    script: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(script, "ratings.csv", "--no-such-option") == 2
    said = capsys.readouterr().err
    assert "--no-such-option" in said
    assert f"see `graphrec {verb_of(script)} --help`" in said


@pytest.mark.parametrize("script", SCRIPTS, ids=verb_of)
def test_a_job_that_is_imported_does_nothing(script: Path) -> None:
    """Workers that unpickle a function of `__main__` import the script anew."""
    names = runpy.run_path(str(script), run_name="jobs")
    assert names["main"].__module__ == "graphrec.cli.app"
