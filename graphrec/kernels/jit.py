"""Compiling a numeric function to machine code, once per machine.

An index into an array counts from the end where it is negative, and numba tests each one that is
signed. In loops over all weights of a table that test is most of the time, so there the index is
made unsigned: `np.uint32(item)`. (A sum of `np.uint64` and a signed number is a float to numba.)
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

from graphrec.kernels.cache import kept_by_sources

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile with numba, keep the machine code on disk and release the GIL while it runs.

    A typed stand-in for `numba.njit`. Compiled code is found again by argument types, and a
    read-only array is another type than a writable one: callers pass tables read-only
    everywhere, on the driver and on the workers, so that each function compiles once.
    """
    return _jit(function, False)


def compiled_with_reordered_sums(function: Callable[P, R]) -> Callable[P, R]:
    """Compile as `compiled` does; sums of floats may be reordered.

    Only so can the processor add several numbers at once. As with BLAS, the last bits then depend
    on the kind of processor, and on nothing else.
    """
    return _jit(function, {"reassoc", "contract", "nsz"})


def _jit(function: Callable[P, R], fastmath: bool | set[str]) -> Callable[P, R]:
    with kept_by_sources() as kept:
        jitted = numba.njit(cache=kept, nogil=True, fastmath=fastmath)(function)
    return cast("Callable[P, R]", jitted)
