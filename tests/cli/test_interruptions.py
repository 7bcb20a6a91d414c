"""Signals as exceptions, and when they have to wait; whole runs that are interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from graphrec.cli.runtime.signals import (
    Interrupted,
    code_of_interruption,
    held,
    interruptions_raise,
)


def test_signals_raise_and_handlers_are_put_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
        with pytest.raises(Interrupted) as caught, interruptions_raise():
            signal.raise_signal(number)
        assert caught.value.exit_code == code
        assert isinstance(caught.value, KeyboardInterrupt)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_an_interruption_is_found_behind_what_failed_because_of_it() -> None:
    def work() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            try:
                raise OSError("connection lost")
            except OSError as error:
                raise RuntimeError("cannot clean up") from error

    with pytest.raises(RuntimeError) as caught, interruptions_raise():
        work()
    assert code_of_interruption(caught.value) == 130
    assert code_of_interruption(Interrupted(15)) == 143
    assert code_of_interruption(RuntimeError()) is None


def test_held_signals_arrive_at_the_end_of_the_block() -> None:
    steps = []

    def work() -> None:
        with interruptions_raise():
            with held():
                signal.raise_signal(signal.SIGTERM)
                steps.append("to the end")
            steps.append("not reached")

    with pytest.raises(Interrupted):
        work()
    assert steps == ["to the end"]


def test_in_another_thread_nothing_is_touched() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def work() -> None:
        with interruptions_raise(), held():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_leaves_the_older_result_alone(
    ratings: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "_run.json").write_text("older")
    run = subprocess.Popen(
        [
            *(sys.executable, "-m", "graphrec", "recommend", str(ratings), "--out", str(out)),
            *("--overwrite", "--weights", "walk=1", "--master", "local[1]"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while run.poll() is None and not list(tmp_path.glob(".out.graphrec-*")):
        time.sleep(0.05)
    time.sleep(1)  # at work on the interactions
    run.send_signal(number)
    shown, said = run.communicate(timeout=120)
    assert run.returncode == code
    assert shown == ""
    assert said.splitlines()[-1] == f"graphrec: interrupted; {out} is as it was"
    assert "Traceback" not in said
    assert os.listdir(tmp_path) == ["out"]
    assert (out / "_run.json").read_text() == "older"
