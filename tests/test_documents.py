"""What the documents say to type can be typed, from the first command on."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import fields
from importlib.util import find_spec
from pathlib import Path

import pytest
import typer

from graphrec.cli.app import VERBS, app
from tests.documents import DOCUMENTS, ROOT, commands, is_printed

ACTIVATE = ["source", ".venv/bin/activate"]
MADE_UP = ("LOG", "RECORD", "DATA", "RATINGS", "hdfs:")  # what a reader has, not the repository
READ = ("input", "items", "users", "allow", "deny", "model", "config")
WRITTEN = ("out", "save_model")


def test_both_first_documents_say_how_the_commands_are_found() -> None:
    """Nothing but what stands in a folder of the repository is called before that."""
    for document in (ROOT / "README.md", ROOT / "docs" / "tutorial.md"):
        typed = [words for words in commands(document) if words[0] != "pip"]
        before = typed[: typed.index(ACTIVATE)]
        assert before
        assert all((ROOT / words[0]).is_file() for words in before)
        assert any(words[0] == "./scripts/demo" for words in before)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_is_one_that_there_is_on_files_that_there_are(document: Path) -> None:
    """Options are parsed by the real command line; a path is in the repository, or made before."""
    made: set[str] = {"out/demo"}
    for words in commands(document):
        match words:
            case ["graphrec", verb, *arguments]:
                options = _parsed(verb, arguments)
                for path in _paths(options, READ):
                    exists = (ROOT / path).exists() or any(path.startswith(out) for out in made)
                    assert exists, f"{' '.join(words)}: {path}"
                for path in _paths(options, WRITTEN):
                    assert path not in made, f"{' '.join(words)}: {path} is there already"
                    made.add(path)
            case ["python", "-m", module, *_]:
                assert find_spec(module) is not None, module
            case ["spark-submit", *arguments]:
                [script] = [word for word in arguments if word.endswith(".py")]
                assert (ROOT / script).is_file()
            case ["source" | "pip" | "pipx" | "pre-commit", *_]:
                pass
            case [script, *_]:
                assert (ROOT / script).is_file(), words


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_is_linked_or_named_is_there(document: Path) -> None:
    """Links are followed from the document, paths of code from the root or the package."""
    text = document.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    for link in links:
        if not link.startswith(("http:", "https:")):
            assert (document.parent / link).exists(), link
    for name in re.findall(r"`((?!out/)(?:[\w.]+/)+\w+\.(?:py|md|toml))`", text):
        assert any((folder / name).exists() for folder in (ROOT, ROOT / "graphrec")), name


def test_documents_read_one_after_the_other_do_not_write_to_the_same_folders() -> None:
    made: list[str] = []
    for document in DOCUMENTS:
        for words in commands(document):
            if words[0] == "graphrec":
                made += _paths(_parsed(words[1], words[2:]), WRITTEN)
    assert len(set(made)) == len(made)


def test_a_printed_line_is_distinguished_from_others_by_its_figures() -> None:
    """The comparison by which the tutorial is checked: it must be able to fail."""
    printed = "walk          0.473*    512 items, m260 of 17,902, -0.5\nread 1.2 s 3 MiB"
    for same in ("walk 0.473* 512 items, m260 of 17,902, -0.5", "walk 0.475* 512 items, m260 of"):
        assert is_printed(same, printed) == same.endswith("-0.5")
    assert is_printed("walk 0.475* 512 items, m260 of 17,902, -0.5", printed)  # the last digit
    assert is_printed("read 9.7 s 4 MiB", printed)  # times and sizes
    for other in (
        "walk 0.493* 512 items, m260 of 17,902, -0.5",
        "walk 0.473* 513 items, m260 of 17,902, -0.5",
        "walk 0.473* 512 items, m261 of 17,902, -0.5",
        "walk 0.473* 512 items, m260 of 17,903, -0.5",
        "walk 0.473 512 items, m260 of 17,902, -0.5",
        "walk 0.473* 512 items, m260 of 17,902, 0.5",
    ):
        assert not is_printed(other, printed), other


def _parsed(verb: str, arguments: list[str]) -> dict[str, object]:
    """The options of a command; one that is not there, or has no good value, is an error."""
    group = typer.main.get_command(app)
    context = typer.Context(group)
    found, command, arguments = group.resolve_command(context, [verb, *arguments])  # type: ignore[attr-defined]
    verb = str(found)
    config = None
    if "--config" in arguments:  # its file is made by a command before, not now
        at = arguments.index("--config")
        config = arguments[at + 1]
        del arguments[at : at + 2]
    given: dict[str, object] = command.make_context(verb, arguments).params | {"config": config}
    if "user_id" in given and given.get("model"):  # there is no file then
        given = given | {"input": None}
    assert set(given) >= {field.name for field in fields(VERBS[verb].Options)}
    return given


def _paths(options: dict[str, object], names: tuple[str, ...]) -> list[str]:
    given = [str(options[name]) for name in names if options.get(name)]
    return [path for path in given if not path.startswith(MADE_UP)]


def test_in_a_shell_at_the_root_the_first_commands_work_as_typed(tmp_path: Path) -> None:
    """The repository after `./scripts/demo`, which made .venv: here that of the tests."""
    if not (Path(sys.prefix) / "bin" / "activate").is_file():
        pytest.skip("the tests do not run in a virtual environment")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / "sample_data").symlink_to(ROOT / "sample_data")
    typed = commands(ROOT / "docs" / "tutorial.md")
    first = typed.index(ACTIVATE)
    assert typed[first + 1] == ["graphrec", "doctor"]
    lines = [" ".join(words) for words in typed[first : first + 2]]
    script = "\n".join(["set -e", *lines, "command -v graphrec python spark-submit"])
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(Path.home())} | _java(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    *_, graphrec, python, submit = done.stdout.splitlines()
    assert [Path(path).name for path in (graphrec, python, submit)] == [
        *("graphrec", "python", "spark-submit")
    ]
    assert Path(graphrec).parent.samefile(Path(sys.prefix) / "bin")


def _java() -> dict[str, str]:
    """Where Java is on this machine, if the environment has to say so."""
    return {name: os.environ[name] for name in ("JAVA_HOME",) if name in os.environ}
