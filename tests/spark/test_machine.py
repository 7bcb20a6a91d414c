import os
from pathlib import Path

import pytest

from graphrec.spark import machine


def test_memory_is_at_most_what_the_system_has() -> None:
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert 0 < machine.memory_bytes() <= physical


@pytest.mark.parametrize(("limit", "expected"), [("1073741824\n", 1 << 30), ("max\n", None)])
def test_a_containers_limit_counts(
    limit: str, expected: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "_LIMITS", (tmp_path / "memory.max", tmp_path / "absent"))
    unlimited = machine.memory_bytes()
    (tmp_path / "memory.max").write_text(limit)
    assert machine.memory_bytes() == (expected or unlimited)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs Linux")
def test_cores_are_those_this_process_may_use() -> None:
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        assert machine.cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)
    assert machine.cores() == len(allowed)
