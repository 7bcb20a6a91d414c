"""Short names for the arrays that compiled code works on.

numpy's annotations cannot follow dtypes through compiled code, so the names say what an array
stands for; comments give shapes and dtypes.
"""

from typing import Any, TypeAlias

import numpy.typing as npt

Vector: TypeAlias = npt.NDArray[Any]  # (n,), float
Matrix: TypeAlias = npt.NDArray[Any]  # (n, m), float
Indices: TypeAlias = npt.NDArray[Any]  # (n,), int32 items or int64 offsets
Mask: TypeAlias = npt.NDArray[Any]  # (n,), bool
