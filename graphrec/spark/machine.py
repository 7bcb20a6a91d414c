"""What this machine gives to a local session: memory and processor cores."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

MEBIBYTE: Final = 1 << 20
GIBIBYTE: Final = 1 << 30

# Containers see the memory of their host; what they may really use stands here (cgroups 2 and 1).
_LIMITS: Final = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
_DEFAULT_MEMORY: Final = 4 * GIBIBYTE  # a careful guess for systems without sysconf (Windows)


def memory_bytes() -> int:
    """Memory that this process may use, in bytes: physical memory, or a container's limit."""
    return min([_physical_bytes(), *_limits()])


def cores() -> int:
    """Processor cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _physical_bytes() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return _DEFAULT_MEMORY


def _limits() -> list[int]:
    limits = []
    for file in _LIMITS:
        try:
            limits.append(int(file.read_text(encoding="ascii")))
        except (OSError, ValueError):  # no such controller, or "max": no limit
            continue
    return limits
