"""Short names for the arrays that compiled code works on.

numpy's annotations cannot follow dtypes through compiled code, so the names say what an array
stands for; comments give shapes and dtypes.
"""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]  # of any shape and kind
Vector: TypeAlias = npt.NDArray[Any]  # (n,), float
Matrix: TypeAlias = npt.NDArray[Any]  # (n, m), float
Indices: TypeAlias = npt.NDArray[Any]  # (n,), int32 items or int64 offsets
Mask: TypeAlias = npt.NDArray[Any]  # (n,), bool


def read_only(array: Array) -> Array:
    """A read-only view: the type that compiled code sees for every table, mapped or not."""
    view = np.ascontiguousarray(array).view()
    view.setflags(write=False)
    return view
