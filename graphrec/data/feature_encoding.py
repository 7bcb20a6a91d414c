"""Features of items or users as a sparse matrix: what a table's columns become, and how.

What becomes of a feature depends on its kind:

- number: hat functions on at most eight quantiles, so that a value lies between two of them and an
  effect need be neither linear nor monotonic; what is no finite number says nothing.
- category, list (of categories, `"Comedy|Romance"` or an array): a column for each value.
- words: a column for each word of a text, in lower case.
- vector: an array of numbers, such as an embedding of a text, brought to length 1.

Values are weighed by `ln(rows / rows with the value)`, and each feature of a row is brought to
length 1. A value that a single row has connects it with nothing, and one that all have tells
nothing apart: both are left out, and of more than `MAX_VALUES` the commonest stay.

An encoding is learned from some rows and applied to any: those of items are read at once, and those
of users, who may be many more, in batches by Spark's workers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

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
_MIN_ROWS: Final = 2  # that a value needs
_MOST: Final = 0.5  # of the values, above which text is taken for words

Sparse = sparse.csr_array


@dataclass(frozen=True)
class NumberCoder:
    """Hat functions on quantiles: (1 - t, t) for a value between two of them."""

    knots: tuple[float, ...]

    kind = NUMBER

    @property
    def labels(self) -> list[str]:
        """A name for each column."""
        return [f"{knot:g}" for knot in self.knots]

    def matrix(self, name: str, column: pa.Array) -> Sparse:
        """(rows, knots); a value beyond the knots counts as the last of them."""
        knots, number = np.array(self.knots), _numbers(column)
        rows = np.flatnonzero(np.isfinite(number))
        number = np.clip(number[rows], knots[0], knots[-1])
        below = np.clip(np.searchsorted(knots, number, side="right") - 1, 0, knots.size - 2)
        share = (number - knots[below]) / (knots[below + 1] - knots[below])
        weights = np.concatenate((1.0 - share, share))
        at = (np.concatenate((rows, rows)), np.concatenate((below, below + 1)))
        return _of_length_one(Sparse((weights, at), shape=(len(column), knots.size)))


@dataclass(frozen=True)
class ValueCoder:
    """A column for each value that is worth one, weighed by how rare it is."""

    kind: str  # CATEGORY, LIST or WORDS
    labels: tuple[str, ...]
    weights: tuple[float, ...]

    def matrix(self, name: str, column: pa.Array) -> Sparse:
        """(rows, labels)."""
        owner, value = _flat_values(name, self.kind, column)
        code = pc.index_in(value, value_set=pa.array(self.labels, pa.string()))
        known = code.is_valid().to_numpy(zero_copy_only=False)
        at = (owner[known], code.drop_null().to_numpy(zero_copy_only=False))
        matrix = Sparse((np.ones(at[0].size), at), shape=(len(column), len(self.labels)))
        matrix.sum_duplicates()
        matrix.data[:] = np.array(self.weights)[matrix.indices]
        return _of_length_one(matrix)


@dataclass(frozen=True)
class VectorCoder:
    """A column for each dimension."""

    width: int

    kind = VECTOR_KIND

    @property
    def labels(self) -> list[str]:
        """A name for each column."""
        return [str(n) for n in range(self.width)]

    def matrix(self, name: str, column: pa.Array) -> Sparse:
        """(rows, width).

        Raises:
            ColumnError: a vector is of another length, or holds what is no finite number.
        """
        numbers = _vectors(name, column, self.width)
        owner = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
        at = (np.repeat(owner, self.width), np.tile(np.arange(self.width), owner.size))
        return _of_length_one(Sparse((numbers, at), shape=(len(column), self.width)))


Coder: TypeAlias = NumberCoder | ValueCoder | VectorCoder


@dataclass(frozen=True)
class FeatureEncoding:
    """What the columns of a table become.

    Attributes:
        coders: by feature, of those that say something.
        kept: positions, among the columns of all coders, of those of the matrix.
        left_out: the other features, and why.
    """

    coders: Mapping[str, Coder]
    kept: npt.NDArray[np.int64]
    left_out: Mapping[str, str]

    @property
    def kinds(self) -> dict[str, str]:
        """The kind of each feature."""
        return {name: coder.kind for name, coder in self.coders.items()}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, such as "genres: Comedy"."""
        all_names = [f"{name}: {label}" for name, of in self.coders.items() for label in of.labels]
        return tuple(all_names[column] for column in self.kept)

    @property
    def owners(self) -> npt.NDArray[np.int32]:
        """(columns,), the feature of each, by its position in `kinds`."""
        widths = [len(coder.labels) for coder in self.coders.values()]
        return np.repeat(np.arange(len(widths), dtype=np.int32), widths)[self.kept]

    def matrix(self, table: pa.Table) -> Sparse:
        """(rows, columns) float32, each feature's part of a row of length 1, or 0.

        Args:
            table: a column per feature; one that is not there is not known of any row.
        """
        return Sparse(_all_columns(self.coders, table)[:, self.kept].astype(np.float32))

    def described(self) -> dict[str, Any]:
        """As JSON; see `from_described`."""
        coders = [{"name": name, **_described(coder)} for name, coder in self.coders.items()]
        kept, left_out = self.kept.tolist(), dict(self.left_out)
        return {"coders": coders, "kept": kept, "left_out": left_out}

    @staticmethod
    def from_described(described: Mapping[str, Any]) -> FeatureEncoding:
        """The inverse of `described`."""
        coders = {one["name"]: _coder_of(one) for one in described["coders"]}
        kept = np.array(described["kept"], np.int64)
        return FeatureEncoding(coders, kept, described["left_out"])


def learn_encoding(
    table: pa.Table, kinds: Mapping[str, str | None], *, most: int = MAX_COLUMNS
) -> FeatureEncoding:
    """Find out what the features of some rows become.

    Args:
        table: a row per item or user, a column per feature.
        kinds: of `KINDS`, by the names of the features; None: by the values, see `kind_of`.
        most: columns of the matrix; of more, the commonest stay.

    Raises:
        ColumnError: a column cannot be of its kind, or none says anything about the rows.
    """
    coders: dict[str, Coder] = {}
    left_out: dict[str, str] = {}
    for name, given in kinds.items():
        column = one_array(table[name])
        coder = _learn(name, given or kind_of(name, column), column)
        if coder is None:
            left_out[name] = "no value that several of them have, and others have not"
        else:
            coders[name] = coder
    if not coders:
        raise ColumnError(
            "no feature says anything",
            found=", ".join(left_out) or "none",
            fix="give a column with values that some rows have in common",
        )
    width = sum(len(coder.labels) for coder in coders.values())
    kept = np.arange(width)
    if width > most:
        counts = np.bincount(_all_columns(coders, table).indices, minlength=width)
        kept = _commonest(counts, most)
    return FeatureEncoding(coders, kept, left_out)


def _all_columns(coders: Mapping[str, Coder], table: pa.Table) -> Sparse:
    matrices = [
        coder.matrix(name, one_array(table[name]))
        if name in table.column_names
        else Sparse((table.num_rows, len(coder.labels)))
        for name, coder in coders.items()
    ]
    return Sparse(sparse.hstack(matrices, format="csr"))


def _described(coder: Coder) -> dict[str, Any]:
    if isinstance(coder, NumberCoder):
        return {"kind": NUMBER, "knots": coder.knots}
    if isinstance(coder, VectorCoder):
        return {"kind": VECTOR_KIND, "width": coder.width}
    return {"kind": coder.kind, "labels": coder.labels, "weights": coder.weights}


def _coder_of(described: Mapping[str, Any]) -> Coder:
    kind = described["kind"]
    if kind == NUMBER:
        return NumberCoder(tuple(described["knots"]))
    if kind == VECTOR_KIND:
        return VectorCoder(described["width"])
    return ValueCoder(kind, tuple(described["labels"]), tuple(described["weights"]))


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


def feature_kinds(
    columns: Sequence[str], features: Sequence[str] | None, *, apart_from: Sequence[str], of: str
) -> dict[str, str | None]:
    """The kinds of the features that are named, or of all columns but the ids.

    Args:
        columns: of the table.
        features: see `parse_features`; None: all.
        apart_from: the column of the ids, and others that are none.
        of: what the table is called in the message.

    Raises:
        ParameterError: see `parse_features`.
        ColumnError: there is no other column.
    """
    if features is not None:
        return parse_features(features)
    others = [name for name in columns if name not in apart_from]
    if not others:
        raise ColumnError(
            f"{of} has no features",
            found=", ".join(columns),
            fix=f"give it other columns beside {apart_from[0]}",
        )
    return dict.fromkeys(others)


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
    if pa.types.is_boolean(kind) or pa.types.is_null(kind):
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


# --- learning one feature -------------------------------------------------------------------------


def _learn(name: str, kind: str, column: pa.Array) -> Coder | None:
    """The coder of a feature; None where it says nothing."""
    if kind == NUMBER:
        return _learn_number(column)
    if kind == VECTOR_KIND:
        return _learn_vector(name, column)
    return _learn_values(name, kind, column)


def _learn_number(column: pa.Array) -> NumberCoder | None:
    number = _numbers(column)
    number = number[np.isfinite(number)]
    if not number.size:
        return None
    knots = np.unique(np.quantile(number, np.linspace(0.0, 1.0, _KNOTS)))
    return NumberCoder(tuple(knots.tolist())) if knots.size > 1 else None


def _learn_vector(name: str, column: pa.Array) -> VectorCoder | None:
    _require_list(name, column, VECTOR_KIND)
    lengths = pc.list_value_length(column.drop_null())
    if not len(lengths):
        return None
    coder = VectorCoder(pc.max(lengths).as_py())
    _vectors(name, column, coder.width)
    return coder if coder.width else None


def _learn_values(name: str, kind: str, column: pa.Array) -> ValueCoder | None:
    owner, value = _flat_values(name, kind, column)
    coded = pc.dictionary_encode(value)
    code = coded.indices.to_numpy(zero_copy_only=False)
    shape = (len(column), len(coded.dictionary))
    matrix = Sparse((np.ones(code.size), (owner, code)), shape=shape)
    matrix.sum_duplicates()
    holders = np.bincount(matrix.indices, minlength=matrix.shape[1])
    described = int((np.diff(matrix.indptr) > 0).sum())
    tells = (holders >= _MIN_ROWS) & (holders < described)
    kept = np.flatnonzero(tells)[_commonest(holders[tells], MAX_VALUES)]
    if not kept.size:
        return None
    labels = coded.dictionary.take(pa.array(kept)).to_pylist()
    weights = np.log(described / holders[kept]).tolist()
    return ValueCoder(kind, tuple(labels), tuple(weights))


# --- parts ----------------------------------------------------------------------------------------


def _flat_values(
    name: str, kind: str, column: pa.Array
) -> tuple[npt.NDArray[np.int64], pa.StringArray]:
    """The rows and the values of a category, list or text; none is blank."""
    if kind == CATEGORY:
        owner = np.arange(len(column))
        value = pc.utf8_trim_whitespace(column.cast(pa.string()))
    else:
        column = _words(name, column) if kind == WORDS else _list(name, column)
        owner = pc.list_parent_indices(column).to_numpy()
        value = pc.utf8_trim_whitespace(pc.list_flatten(column).cast(pa.string()))
    filled = pc.fill_null(pc.not_equal(value, ""), False)
    return owner[filled.to_numpy(zero_copy_only=False)], value.filter(filled)


def _words(name: str, column: pa.Array) -> pa.ListArray:
    if not _is_text(column.type):
        raise ColumnError(f"the column {name!r} has no words", found=str(column.type))
    return pc.split_pattern_regex(pc.utf8_lower(column.cast(pa.string())), r"[^\p{L}\p{N}]+")


def _list(name: str, column: pa.Array) -> pa.ListArray:
    if _is_text(column.type):
        return pc.split_pattern(column, SEPARATOR)
    _require_list(name, column, LIST)
    return column


def _vectors(name: str, column: pa.Array, width: int) -> npt.NDArray[np.float64]:
    """The numbers of all vectors, one behind the other.

    Raises:
        ColumnError: one is of another length than `width`, or holds what is no finite number.
    """
    _require_list(name, column, VECTOR_KIND)
    present = column.drop_null()
    lengths = pc.list_value_length(present).to_numpy()
    if lengths.size and (lengths.min() != width or lengths.max() != width):
        raise ColumnError(
            f"the vectors of the column {name!r} must be of one length",
            found=f"lengths from {lengths.min()} to {max(lengths.max(), width)}",
        )
    numbers = values(present, np.float64)
    if not np.isfinite(numbers).all():
        raise ColumnError(
            f"the vectors of the column {name!r} must hold finite numbers",
            found="nulls, NaN or infinity",
            fix="give no vector at all for such a row",
        )
    return numbers


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
