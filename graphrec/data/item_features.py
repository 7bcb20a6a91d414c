"""Item features as a sparse matrix: a column for each category, word, dimension, step of a number.

What becomes of a feature depends on its kind:

- number: hat functions on at most eight quantiles, so that a value lies between two of them and an
  effect need be neither linear nor monotonic; what is no finite number says nothing.
- category, list (of categories, `"Comedy|Romance"` or an array): a column for each value.
- words: a column for each word of a text, in lower case.
- vector: an array of numbers, such as an embedding of a text, brought to length 1.

Values are weighed by `ln(items / items with the value)`, and each feature of an item is brought to
length 1. A value that a single item has connects it with nothing, and one that all have tells
nothing apart: both are left out, and of more than `MAX_VALUES` the commonest stay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from graphrec.errors import ColumnError, ParameterError
from graphrec.spark.arrow import one_array, values

NUMBER: Final = "number"
CATEGORY: Final = "category"
LIST: Final = "list"
WORDS: Final = "words"
VECTOR_KIND: Final = "vector"
KINDS: Final = (NUMBER, CATEGORY, LIST, WORDS, VECTOR_KIND)

SEPARATOR: Final = "|"  # of the categories of a list in one text
MAX_VALUES: Final = 2000  # of one feature
MAX_COLUMNS: Final = 5000  # of all together: a system of equations of this size is solved
_KNOTS: Final = 8
_MIN_ITEMS: Final = 2  # that a value needs
_MOST: Final = 0.5  # of the values, above which text is taken for words

Sparse = sparse.csr_array


@dataclass(frozen=True)
class ItemFeatures:
    """The features of the items of a catalogue.

    Attributes:
        matrix: (items, columns) float32, each feature's part of a row of length 1, or 0.
        names: of the columns, such as "genres: Comedy".
        owners: (columns,), the feature of each, by its position in `kinds`.
        kinds: by feature, of those that say something.
        left_out: the other features, and why.
    """

    matrix: Sparse
    names: tuple[str, ...]
    owners: npt.NDArray[np.int32]
    kinds: Mapping[str, str]
    left_out: Mapping[str, str]

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """(items,), whether anything is known of an item."""
        return np.diff(self.matrix.indptr) > 0

    def without(self, features: Mapping[str, str]) -> ItemFeatures:
        """The others of these features.

        Args:
            features: those that are left out, and why.
        """
        stay = [name not in features for name in self.kinds]
        kept = np.flatnonzero(np.array(stay)[self.owners])
        return ItemFeatures(
            Sparse(self.matrix[:, kept]),
            tuple(self.names[column] for column in kept),
            (np.cumsum(stay, dtype=np.int32) - 1)[self.owners[kept]],
            {name: kind for name, kind in self.kinds.items() if name not in features},
            {**self.left_out, **features},
        )

    @property
    def has_vectors(self) -> bool:
        """Whether one of the features is a vector, such as an embedding of a text."""
        return VECTOR_KIND in self.kinds.values()


@dataclass(frozen=True)
class _Columns:
    """One feature, encoded."""

    matrix: Sparse  # (items, columns)
    names: list[str]


def encode(table: pa.Table, kinds: Mapping[str, str | None]) -> ItemFeatures:
    """Encode the features of items.

    Args:
        table: a row per item, a column per feature.
        kinds: of `KINDS`, by the names of the features; None: by the values, see `kind_of`.

    Raises:
        ColumnError: a column cannot be of its kind, or none says anything about the items.
    """
    encoded: dict[str, _Columns] = {}
    found: dict[str, str] = {}
    left_out: dict[str, str] = {}
    for name, given in kinds.items():
        column = one_array(table[name])
        kind = given or kind_of(name, column)
        columns = _ENCODERS[kind](name, column)
        if columns.matrix.shape[1] == 0:
            left_out[name] = "no value that several items have, and others have not"
            continue
        encoded[name], found[name] = columns, kind
    if not encoded:
        raise ColumnError(
            "no feature says anything about the items",
            found=", ".join(left_out) or "none",
            fix="give a column with values that some of the items have in common",
        )
    names = [label for columns in encoded.values() for label in columns.names]
    widths = [len(columns.names) for columns in encoded.values()]
    owners = np.repeat(np.arange(len(widths), dtype=np.int32), widths)
    matrix = sparse.hstack([columns.matrix for columns in encoded.values()], format="csr")
    kept = _commonest(np.bincount(matrix.indices, minlength=len(names)), MAX_COLUMNS)
    return ItemFeatures(
        Sparse(matrix[:, kept], dtype=np.float32),
        tuple(names[column] for column in kept),
        owners[kept],
        found,
        left_out,
    )


def parse_features(features: Sequence[str]) -> dict[str, str | None]:
    """`["genres", "title:words"]` as kinds by name, None where none is given.

    Raises:
        ParameterError: an unknown kind, or a name that is there twice.
    """
    parsed: dict[str, str | None] = {}
    for feature in features:
        name, colon, kind = feature.rpartition(":")
        if not colon:
            name = feature
        elif kind not in KINDS:
            raise ParameterError(
                "a feature is the name of a column, perhaps with its kind",
                found=repr(feature),
                fix=f"write it as in year:number; the kinds are {', '.join(KINDS)}",
            )
        if name in parsed:
            raise ParameterError("a feature is named twice", found=name, fix="name each once")
        parsed[name] = kind if colon else None
    return parsed


def kind_of(name: str, column: pa.Array) -> str:
    """The kind of a feature by its values.

    Text is a number if all of it is, a list if `|` is in some of it, words if most of its values
    differ and are of several words, and else a category.

    Raises:
        ColumnError: it is of a type that is no feature.
    """
    kind = column.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return LIST if _is_text(kind.value_type) else VECTOR_KIND
    if pa.types.is_boolean(kind):
        return CATEGORY
    if _is_number(kind):
        return NUMBER
    if not _is_text(kind):
        raise ColumnError(
            f"the column {name!r} cannot be a feature",
            found=str(kind),
            fix="give numbers, text, or arrays of these",
        )
    present = column.drop_null()
    if len(present) and not np.isnan(_numbers(present)).any():
        return NUMBER
    if pc.any(pc.match_substring(present, SEPARATOR)).as_py():
        return LIST
    several = pc.match_substring_regex(pc.utf8_trim_whitespace(present), r"\s")
    most = _MOST * len(present)
    is_text = pc.count_distinct(present).as_py() > most and pc.sum(several).as_py() > most
    return WORDS if is_text else CATEGORY


# --- one feature ----------------------------------------------------------------------------------


def _encode_number(name: str, column: pa.Array) -> _Columns:
    """Hat functions on quantiles: (1 - t, t) for a value between two of them."""
    number = _numbers(column)
    items = np.flatnonzero(np.isfinite(number))
    steps = np.linspace(0.0, 1.0, _KNOTS)
    knots = np.unique(np.quantile(number[items], steps)) if items.size else np.empty(0)
    if knots.size < 2:
        return _nothing(len(column))
    below = np.clip(np.searchsorted(knots, number[items], side="right") - 1, 0, knots.size - 2)
    share = (number[items] - knots[below]) / (knots[below + 1] - knots[below])
    weights = np.concatenate((1.0 - share, share))
    at = (np.concatenate((items, items)), np.concatenate((below, below + 1)))
    matrix = Sparse((weights, at), shape=(len(column), knots.size))
    return _Columns(_of_length_one(matrix), [f"{name}: {knot:g}" for knot in knots])


def _encode_category(name: str, column: pa.Array) -> _Columns:
    text = pc.utf8_trim_whitespace(column.cast(pa.string()))
    owner = np.flatnonzero(text.is_valid().to_numpy(zero_copy_only=False))
    return _encode_values(name, owner, text.drop_null(), len(column))


def _encode_list(name: str, column: pa.Array) -> _Columns:
    if _is_text(column.type):
        column = pc.split_pattern(column, SEPARATOR)
    _require_list(name, column, LIST)
    flat = pc.list_flatten(column).cast(pa.string())
    owner = pc.list_parent_indices(column).to_numpy()
    return _encode_values(name, owner, pc.utf8_trim_whitespace(flat), len(column))


def _encode_words(name: str, column: pa.Array) -> _Columns:
    if not _is_text(column.type):
        raise ColumnError(f"the column {name!r} has no words", found=str(column.type))
    split = pc.split_pattern_regex(pc.utf8_lower(column.cast(pa.string())), r"[^\p{L}\p{N}]+")
    owner = pc.list_parent_indices(split).to_numpy()
    return _encode_values(name, owner, pc.list_flatten(split), len(column))


def _encode_vector(name: str, column: pa.Array) -> _Columns:
    _require_list(name, column, VECTOR_KIND)
    present = column.drop_null()
    lengths = pc.list_value_length(present).to_numpy()
    numbers = values(present, np.float64)
    if lengths.size and lengths.min() != lengths.max():
        raise ColumnError(
            f"the vectors of the column {name!r} must be of one length",
            found=f"lengths from {lengths.min()} to {lengths.max()}",
        )
    if not np.isfinite(numbers).all():
        raise ColumnError(
            f"the vectors of the column {name!r} must hold finite numbers",
            found="nulls, NaN or infinity",
            fix="give no vector at all for such an item",
        )
    owner = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
    width = int(lengths[0]) if lengths.size else 0
    at = (np.repeat(owner, width), np.tile(np.arange(width), owner.size))
    matrix = Sparse((numbers, at), shape=(len(column), width))
    return _Columns(_of_length_one(matrix), [f"{name}: {n}" for n in range(width)])


def _encode_values(
    name: str, owner: npt.NDArray[np.int64], value: pa.Array, items: int
) -> _Columns:
    """A column for each value that is worth one, weighed by how rare it is."""
    filled = pc.fill_null(pc.not_equal(value, ""), False).to_numpy(zero_copy_only=False)
    coded = pc.dictionary_encode(value.filter(pa.array(filled)))
    code = coded.indices.to_numpy(zero_copy_only=False)
    matrix = Sparse(
        (np.ones(code.size), (owner[filled], code)), shape=(items, len(coded.dictionary))
    )
    matrix.sum_duplicates()
    matrix.data[:] = 1.0
    holders = np.bincount(matrix.indices, minlength=matrix.shape[1])
    described = int((np.diff(matrix.indptr) > 0).sum())
    tells = (holders >= _MIN_ITEMS) & (holders < described)
    kept = np.flatnonzero(tells)[_commonest(holders[tells], MAX_VALUES)]
    weights = np.log(described / holders[kept])
    matrix = _of_length_one(Sparse(Sparse(matrix[:, kept]).multiply(weights)))
    labels = coded.dictionary.take(pa.array(kept)).to_pylist()
    return _Columns(matrix, [f"{name}: {label}" for label in labels])


_ENCODERS: Final = {
    NUMBER: _encode_number,
    CATEGORY: _encode_category,
    LIST: _encode_list,
    WORDS: _encode_words,
    VECTOR_KIND: _encode_vector,
}


# --- parts ----------------------------------------------------------------------------------------


def _numbers(column: pa.Array) -> npt.NDArray[np.float64]:
    """A column as numbers, NaN for what is none."""
    if _is_text(column.type):
        trimmed = pc.utf8_trim_whitespace(column.cast(pa.string()))
        number = pc.match_substring_regex(trimmed, r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$")
        column = pc.if_else(number, trimmed, pa.scalar(None, pa.string()))
    if pa.types.is_date(column.type) or pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us")).cast(pa.int64())
    return column.cast(pa.float64()).to_numpy(zero_copy_only=False).astype(np.float64)


def _of_length_one(matrix: Sparse) -> Sparse:
    """The rows divided by their lengths; a row of zeros stays."""
    matrix = Sparse(matrix)
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).reshape(-1))
    matrix.data /= np.repeat(np.where(length > 0, length, 1.0), np.diff(matrix.indptr))
    matrix.eliminate_zeros()
    return matrix


def _commonest(counts: npt.NDArray[np.int64], most: int) -> npt.NDArray[np.int64]:
    """The positions of the largest counts, ascending; of equal ones the first."""
    return np.sort(np.argsort(-counts, kind="stable")[:most])


def _nothing(items: int) -> _Columns:
    return _Columns(Sparse((items, 0)), [])


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_number(kind: pa.DataType) -> bool:
    numeric = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    return bool(numeric or pa.types.is_date(kind) or pa.types.is_timestamp(kind))


def _require_list(name: str, column: pa.Array, kind: str) -> None:
    if not (pa.types.is_list(column.type) or pa.types.is_large_list(column.type)):
        raise ColumnError(
            f"the column {name!r} cannot be of the kind {kind}",
            found=str(column.type),
            fix="give an array, or leave the kind out",
        )
