"""A saved model as files that are mapped into memory, made once from its Parquet.

Parquet is compressed and cut into pages, so it can be read but not mapped. The copy lies in the
folder `_mapped` of the model's own directory, which Spark does not see, or where it may not be
written to, in a folder that is named. It is made beside its place and renamed into it: whoever
finds it finds all of it. All processes that open it share one copy in memory.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graphrec.columns import (
    AFTER,
    DISLIKED,
    INDICES,
    ITEMS,
    SEEN,
    STARS,
    SUPPORT,
    TIMES,
    TOGETHER,
    USER,
    VECTOR,
    WEIGHTS,
)
from graphrec.data.catalogue import Catalogue
from graphrec.data.event_kinds import EventKinds
from graphrec.data.liked import RatingRange, highest_on_scale, liked_rule
from graphrec.data.profiles import Profiles
from graphrec.errors import UnreadableInputError
from graphrec.kernels.csr import csr
from graphrec.kernels.types import Array, read_only
from graphrec.recommenders.model_card import ModelCard
from graphrec.recommenders.saved_tables import FOLD_INS, fold_in_of, item_tables
from graphrec.recommenders.versions import held
from graphrec.scorer.history import History, Rules
from graphrec.scorer.ids import IdIndex, ascending, map_ids, write_ids
from graphrec.scorer.mapped_folders import InUse, in_use, making
from graphrec.scorer.saved_model import SavedModel
from graphrec.serving.request import Request
from graphrec.serving.tables import FactorLeg, ItemTables, item_factors_of
from graphrec.spark.arrow import arrays_of, offsets, one_array, values

_FOLDER: Final = "_mapped"
_DESCRIPTION: Final = "model.json"
_EMPTY: Final = ".empty"  # a file without entries cannot be mapped


@dataclass(frozen=True, kw_only=True)
class MappedTables(ItemTables):
    """Item tables whose arrays, as the kernel takes them, are mapped already."""

    mapped: Mapping[str, Array]

    def arrays(self, *, diversify: bool) -> dict[str, Array]:
        """The arrays by name; the cosines are among them in any case, as they cost nothing."""
        return dict(self.mapped)


@dataclass(frozen=True)
class MappedModel:
    """What is needed to score, mapped.

    Attributes:
        digest: names the contents.
        description: the columns' names, the class, the parameters and what else the model's card
            has, as `/model` shows them.
        tables: the catalogue and the legs.
        pairs: the pair table, empty where none was saved.
        pair_users: number of users that the pairs were counted in.
        items: the items' ids.
        users: the users' ids, ascending.
        request: what lists are made by unless a call says otherwise.
        rules: how rows become a history.
        recency_half_life: in days, by which a history is weighed when it is served.
        seen_again_after: days after which what a user has may be listed again; None: never.
        shown_factor: what a score counts for each time that its item was shown and not taken.
        profiles: how features of users become vectors; None: the model was given none.
        histories: of the users, see `history`.
        in_use: keeps the files from being removed.
    """

    digest: str
    description: dict[str, Any]
    tables: MappedTables
    pairs: dict[str, Array]
    pair_users: int
    items: IdIndex
    users: IdIndex
    request: Request
    rules: Rules
    recency_half_life: float | None
    seen_again_after: float | None
    shown_factor: float
    profiles: Profiles | None
    histories: dict[str, Array]
    in_use: InUse

    def history(self, user: Any) -> History | None:
        """What the model knows of a user, by id; None if it does not know the user."""
        row = self.users.position(user)
        if row is None:
            return None
        own = self.histories
        part = slice(int(own["indptr"][row]), int(own["indptr"][row + 1]))
        refused = slice(*(int(end) for end in own["disliked_indptr"][row : row + 2]))
        given = own["vector_row"][row] if own["vector_row"].size else -1
        return History(
            own[ITEMS][part],
            own[WEIGHTS][part],
            own[TIMES][part],
            own[VECTOR][given] if given >= 0 else None,
            own[STARS][part] if own[STARS].size else None,
            own[DISLIKED][refused],
            None if self.rules.events is None else self._seen(row),
        )

    def _seen(self, row: int) -> npt.NDArray[np.int32]:
        first, last = (int(end) for end in self.histories["seen_indptr"][row : row + 2])
        return self.histories[SEEN][first:last]


def open_model(path: str | Path, cache: str | Path | None = None) -> MappedModel:
    """Open a saved model, and make the files to be mapped if they are not there yet.

    Args:
        path: the directory that a model was saved to, or a folder of versions.
        cache: the folder for these files; None: `_mapped` in the directory itself.

    Raises:
        UnreadableInputError: there is no model, or one that is damaged or cannot be served; or
            the folder cannot be written to.
    """
    with held(str(path)) as version:
        return _open_version(version, cache)


def _open_version(path: str, cache: str | Path | None) -> MappedModel:
    saved = SavedModel(path)
    digest = saved.digest
    place = mapped_folder(saved.path, cache) / digest
    held = in_use(place / _DESCRIPTION, lambda: _make(saved, digest, place))
    try:
        return _map(place, held)
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise UnreadableInputError(
            f"the files to be mapped of the model at {path} are damaged",
            found=str(error),
            fix=f"delete {place}",
        ) from error


# --- making it ------------------------------------------------------------------------------------


def mapped_folder(path: Path, cache: str | Path | None) -> Path:
    """The folder that the files of a model are in, each version in one of its own."""
    return path / _FOLDER if cache is None else Path(cache)


def _make(saved: SavedModel, digest: str, place: Path) -> None:
    """Write all files beside their place, and rename the folder into it."""
    try:
        with making(place) as staged:
            _write(saved, digest, staged)
    except OSError as error:
        raise UnreadableInputError(
            f"the model at {saved.path} has to be written once more to be mapped",
            found=f"{place.parent} cannot be written to: {error.strerror}",
            fix="name a folder that can be (cache=, --cache)",
        ) from error


def _write(saved: SavedModel, digest: str, folder: Path) -> None:
    described = saved.described
    try:
        tables = item_tables(saved.table, described)
        arrays = tables.arrays(diversify=True) | _pair_arrays(saved)
        histories, users = _history_arrays(saved)
    except (KeyError, ValueError, TypeError, pa.ArrowException) as error:
        raise UnreadableInputError(
            f"the tables of the model at {saved.path} do not fit together",
            found=f"{type(error).__name__}: {error}",
            fix="save the model again",
        ) from error
    _require_sound(saved, tables, histories)
    for name, array in (arrays | histories).items():
        _save(folder, name, array)
    ids = tables.catalogue.ids
    write_ids(folder / "items.arrow", ids)
    write_ids(folder / "users.arrow", users)
    _save(folder, "item_order", ascending(ids))
    _save(folder, SUPPORT, tables.catalogue.support)
    times = histories[f"history_{TIMES}"]
    pairs = described["pairs"]
    card = ModelCard.from_metadata(saved.metadata, str(saved.path))
    description = {
        "digest": digest,
        "class": saved.metadata["class"],
        "parameters": card.parameters,
        "card": card.described(),
        "saved": saved.metadata["timestamp"] / 1000.0,
        "columns": described["columns"],
        "rules": described["rules"],
        "latest": None if np.isnan(times).all() else float(np.nanmax(times)),
        "request": described["request"],
        "recency_half_life": described["recency_half_life"],
        "seen_again_after": described["seen_again_after"],
        "shown_factor": described["shown_factor"],
        "profiles": described["profiles"],
        "users": described["users"],
        "pair_users": 0 if pairs is None else pairs["users"],
        "neighbour_legs": list(tables.neighbour_names),
        "factor_legs": [{"name": leg.name, "fold_in": _fold_in(leg)} for leg in tables.factor_legs],
    }
    with (folder / _DESCRIPTION).open("w", encoding="utf-8") as file:
        json.dump(description, file)
        file.flush()
        os.fsync(file.fileno())


def _fold_in(leg: FactorLeg) -> dict[str, Any]:
    fold_in = leg.factors.fold_in
    assert isinstance(fold_in, FOLD_INS)
    return {"kind": type(fold_in).__name__, **asdict(fold_in)}


def _pair_arrays(saved: SavedModel) -> dict[str, Array]:
    names = ("indptr", INDICES, TOGETHER, AFTER)
    if saved.described["pairs"] is None:
        return {f"pair_{name}": np.empty(0, np.int32) for name in names}
    table = saved.table("pairs")
    timed = {AFTER: "int32"} if AFTER in table.column_names else {}
    indptr, arrays = arrays_of(table, {INDICES: "int32", TOGETHER: "int32", **timed}, {})
    arrays = {AFTER: np.empty(0, np.int32), **arrays, "indptr": indptr}
    return {f"pair_{name}": arrays[name] for name in names}


def _history_arrays(saved: SavedModel) -> tuple[dict[str, Array], pa.Array]:
    """The histories by ascending user id, and these ids."""
    table = saved.table("histories")
    if saved.described["without_history"]:
        others = saved.table("without_history")
        table = pa.concat_tables([table, others], promote_options="default")
    table = table.take(pc.sort_indices(table, [(USER, "ascending")])).combine_chunks()
    items, weights, times = (one_array(table[name]) for name in (ITEMS, WEIGHTS, TIMES))
    arrays: dict[str, Array] = {
        "indptr": offsets(items),
        ITEMS: values(items, np.int32),
        WEIGHTS: values(weights, np.float32),
        TIMES: values(times, np.float64),
        STARS: np.empty(0),
        DISLIKED: np.empty(0, np.int32),
        "disliked_indptr": np.zeros(table.num_rows + 1, np.int64),
        SEEN: np.empty(0, np.int32),
        "seen_indptr": np.zeros(table.num_rows + 1, np.int64),
        VECTOR: np.empty((0, 0), np.float32),
        "vector_row": np.empty(0, np.int64),
    }
    if STARS in table.column_names:
        arrays[STARS] = values(one_array(table[STARS]), np.float64)
    if DISLIKED in table.column_names:
        disliked = one_array(table[DISLIKED])
        arrays[DISLIKED] = values(disliked, np.int32)
        arrays["disliked_indptr"] = offsets(disliked)
    if SEEN in table.column_names:
        seen = one_array(table[SEEN])
        arrays[SEEN], arrays["seen_indptr"] = values(seen, np.int32), offsets(seen)
    if VECTOR in table.column_names:
        vectors = one_array(table[VECTOR])
        given = vectors.is_valid().to_numpy(zero_copy_only=False)
        flat = values(vectors.drop_null(), np.float32)
        arrays[VECTOR] = flat.reshape(int(given.sum()), -1) if flat.size else arrays[VECTOR]
        arrays["vector_row"] = np.where(given, np.cumsum(given) - 1, -1)
    return {f"history_{name}": array for name, array in arrays.items()}, one_array(table[USER])


def _require_sound(saved: SavedModel, tables: ItemTables, histories: Mapping[str, Array]) -> None:
    """Refuse tables by which the kernel would read past an array's end, or score by no number.

    Raises:
        UnreadableInputError: they are damaged.
    """
    items = tables.catalogue.size
    indptr, indices, weights = tables.neighbours
    listed = histories[f"history_{ITEMS}"]
    sound = {
        "rows of the neighbours": indptr.size == items + 1,
        "neighbours": _within(indices, items),
        "weights": bool(np.isfinite(weights).all()),
        "histories": _within(listed, items)
        and listed.size == histories[f"history_{WEIGHTS}"].size
        and listed.size == histories[f"history_{TIMES}"].size
        and histories[f"history_{STARS}"].size in (0, listed.size)
        and _within(histories[f"history_{DISLIKED}"], items)
        and _within(histories[f"history_{SEEN}"], items),
        "vectors": all(
            leg.factors.vector.shape[0] == items and bool(np.isfinite(leg.factors.vector).all())
            for leg in tables.factor_legs
        ),
    }
    wrong = [name for name, is_sound in sound.items() if not is_sound]
    if wrong:
        raise UnreadableInputError(
            f"the tables of the model at {saved.path} do not fit together",
            found=f"{', '.join(wrong)} that are not of {items} items, or no numbers",
            fix="save the model again",
        )


def _within(indices: npt.NDArray[Any], items: int) -> bool:
    return not indices.size or bool(indices.min() >= 0 and indices.max() < items)


def _save(folder: Path, name: str, array: Array) -> None:
    suffix = _EMPTY if array.size == 0 else ""
    np.save(folder / f"{name}{suffix}.npy", np.ascontiguousarray(array))


# --- mapping it -----------------------------------------------------------------------------------


def _map(folder: Path, held: InUse) -> MappedModel:
    description = json.loads((folder / _DESCRIPTION).read_text(encoding="utf-8"))
    arrays = _load(folder)
    histories = _taken(arrays, "history_")
    pairs = _taken(arrays, "pair_")
    support = arrays.pop(SUPPORT)
    items = IdIndex(map_ids(folder / "items.arrow"), arrays.pop("item_order"))
    request: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in description["request"].items()
    }
    rules = description["rules"]
    ratings = None if rules["ratings"] is None else RatingRange(**rules["ratings"])
    events = None if rules["events"] is None else EventKinds(**rules["events"])
    return MappedModel(
        digest=description["digest"],
        description=description,
        tables=_tables(Catalogue(items.ids, support), description, arrays),
        pairs=pairs | {SUPPORT: support},
        pair_users=description["pair_users"],
        items=items,
        users=IdIndex(map_ids(folder / "users.arrow")),
        request=Request(**request),
        rules=Rules(
            "max" if events and rules["duplicates"] == "last" else rules["duplicates"],
            "weight" if events and rules["preference"] is None else rules["preference"],
            rules["half_life"],
            description["latest"],
            liked_rule(rules["liked_from"], ratings),
            highest_on_scale(rules["preference"], ratings),
            events,
        ),
        recency_half_life=description["recency_half_life"],
        seen_again_after=description["seen_again_after"],
        shown_factor=description["shown_factor"],
        profiles=Profiles.from_described(description["profiles"]),
        histories=histories,
        in_use=held,
    )


def _tables(
    catalogue: Catalogue, description: dict[str, Any], arrays: dict[str, Array]
) -> MappedTables:
    factor_legs = description["factor_legs"]
    fold_ins = [fold_in_of(leg["fold_in"]) for leg in factor_legs]
    vectors = [factors for _, factors in item_factors_of(arrays, fold_ins)]
    return MappedTables(
        catalogue=catalogue,
        users=description["users"],
        neighbour_names=tuple(description["neighbour_legs"]),
        neighbours=csr(arrays["indptr"], arrays["indices"], arrays["data"]),
        similarity=arrays["similarity"],
        divide_by_strength=arrays["divide_by_strength"],
        factor_legs=tuple(
            FactorLeg(leg["name"], factors)
            for leg, factors in zip(factor_legs, vectors, strict=True)
        ),
        mapped=arrays,
    )


def _load(folder: Path) -> dict[str, Array]:
    arrays = {}
    for file in folder.glob("*.npy"):
        if file.stem.endswith(_EMPTY):
            arrays[file.stem.removesuffix(_EMPTY)] = read_only(np.load(file))
        else:
            arrays[file.stem] = read_only(np.asarray(np.load(file, mmap_mode="r")))
    return arrays


def _taken(arrays: dict[str, Array], prefix: str) -> dict[str, Array]:
    """Take the arrays of a prefix out."""
    names = [name for name in arrays if name.startswith(prefix)]
    return {name.removeprefix(prefix): arrays.pop(name) for name in names}
