"""The container file and the proxy's configuration: what they name is there, as the code has it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import typer

from graphrec.cli.app import app
from graphrec.service import app as service
from graphrec.service.settings import ADMIN_TOKEN, EVENTS_TOKEN, READ_TOKEN, Settings
from tests.documents import ROOT

FOLDER = ROOT / "examples" / "serving"
INSTRUCTIONS = {
    *("FROM", "ARG", "RUN", "USER", "ENV", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK"),
    *("ENTRYPOINT", "CMD"),
}


def instructions() -> list[tuple[str, str]]:
    """(name, arguments), with continued lines as one."""
    text = (FOLDER / "Containerfile").read_text(encoding="utf-8")
    lines = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)).splitlines()
    parts = [line.partition(" ") for line in lines if line.strip()]
    return [(name, arguments) for name, _, arguments in parts]


def paths_of_the_service(tmp_path: Path) -> set[str]:
    made = service.make_app(Settings(model="m", events=str(tmp_path / "e.db")))
    return {route.path for route in made.routes}  # type: ignore[attr-defined]


def test_the_container_file_starts_the_service_as_a_user_without_rights() -> None:
    found = dict(instructions())
    assert {name for name, _ in instructions()} <= INSTRUCTIONS
    assert instructions()[0][0] == "FROM"
    assert not found["FROM"].endswith(("latest", "python"))
    assert found["USER"] == "10001"
    words = json.loads(found["ENTRYPOINT"]) + json.loads(found["CMD"])
    assert words[:2] == ["graphrec", "serve"]
    group = typer.main.get_command(app)
    _, command, arguments = group.resolve_command(typer.Context(group), words[1:])  # type: ignore[attr-defined]
    options = command.make_context("serve", arguments).params
    assert (options["host"], str(options["port"])) == ("0.0.0.0", found["EXPOSE"])
    assert options["watch"]
    kept = json.loads(found["VOLUME"])
    assert all(
        any(path.startswith(one) for one in kept) for path in (options["events"], options["cache"])
    )
    text = (FOLDER / "Containerfile").read_text(encoding="utf-8")
    assert all(token in text for token in (READ_TOKEN, EVENTS_TOKEN, ADMIN_TOKEN))


def test_addresses_in_both_files_are_those_of_the_service(tmp_path: Path) -> None:
    paths = paths_of_the_service(tmp_path)
    checked = re.findall(r"127\.0\.0\.1:8080(/\w+)", dict(instructions())["HEALTHCHECK"])
    proxy = (FOLDER / "nginx.conf").read_text(encoding="utf-8")
    named = re.findall(r"(?:location = |POST )(/\w+)", proxy)
    assert checked == ["/readyz"]
    assert {"/reload", "/metrics", "/events", "/recommendations"} <= set(named)
    assert {*checked, *named} <= paths


def test_the_proxy_takes_its_configuration(tmp_path: Path) -> None:
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    if nginx is None or shutil.which("openssl") is None:
        pytest.skip("no nginx here: install it to check its configuration (nginx-light)")
    text = (FOLDER / "nginx.conf").read_text(encoding="utf-8").replace("/etc/ssl", str(tmp_path))
    (tmp_path / "nginx.conf").write_text(text, encoding="utf-8")
    new = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]
    files = ["-keyout", str(tmp_path / "graphrec.key"), "-out", str(tmp_path / "graphrec.crt")]
    subprocess.run([*new, *files], check=True, capture_output=True)
    done = subprocess.run(
        [nginx, "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "syntax is ok" in done.stderr, done.stderr
