"""Threads of the libraries that NumPy calls; it needs no Spark."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def one_thread() -> Iterator[None]:
    """One BLAS thread while the block lasts: Spark runs as many tasks as there are cores already.

    Several processes with as many threads each wait for one another most of the time.
    """
    with threadpool_limits(limits=1):
        yield
