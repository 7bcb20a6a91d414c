"""Lists, related items and reasons from a saved model, in a process without Spark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphrec.columns import (
    AFTER,
    NEIGHBOUR,
    RANK,
    SUPPORT_ITEM,
    SUPPORT_NEIGHBOUR,
    TOGETHER,
)
from graphrec.cooccurrence.best_neighbours import (
    DEFAULT_MEASURE,
    DEFAULT_SHRINKAGE,
    DEFAULT_SUPPORT,
    best_neighbours,
)
from graphrec.cooccurrence.measures import MEASURES
from graphrec.errors import ParameterError
from graphrec.explanation.contributions import Contributions, contributions
from graphrec.explanation.rank_position import RankPosition, rank_position
from graphrec.explanation.user_context import UserContext
from graphrec.kernels.types import Mask, read_only
from graphrec.scorer.history import History, check
from graphrec.scorer.mapped_model import MappedModel, open_model
from graphrec.serving.kernel_types import Lists
from graphrec.serving.ranking import PERSONAL, POPULAR, rank_batch
from graphrec.serving.request import Request

_NOTHING_HIDDEN: Final = np.empty(0, np.int32)


@dataclass(frozen=True)
class Recommendation:
    """One item of a list; with the values of the column of the same name of `rankedLists`."""

    item: Any
    rank: int
    score: float
    shares: dict[str, float]  # of the score, by leg
    because: list[Any]  # the history items that contributed most
    source: str  # "personal" or "popular"


@dataclass(frozen=True)
class Related:
    """An item that goes together with another; see `watchedTogether`."""

    item: Any
    rank: int
    together: int  # users who have both
    after: int | None  # of these, those who had this one later; None without times
    support_item: int  # users who have the item that was asked for
    support_neighbour: int  # users who have this one
    measures: dict[str, float]  # all measures of association, by name


@dataclass(frozen=True)
class Reasons:
    """Why a user is recommended an item, or is not; see `RecommenderModel.explain`."""

    item: Any
    score: float
    source: str
    outcome: str  # "listed", "below the list", "seen", "denied", ...
    rank: int | None
    shares: dict[str, float]  # of the score, by leg
    contributions: list[tuple[Any, float]]  # (item of the history, what it adds), largest first
    rest: float  # what is of no item of the history: means, a given factor, popularity


class Scorer:
    """A saved model, mapped into memory: it lists, relates and explains without Spark or Java.

    Processes that open the same model share one copy in memory. A scorer is read-only, and may be
    used by several threads at a time. The first call of a process loads the compiled kernels.

    The same history gives the same list, bit for bit, as the model gives in Spark.

    Examples:
        >>> ratings = spark.createDataFrame(
        ...     [("ann", "tea"), ("ann", "milk"), ("ben", "tea"), ("ben", "milk")]
        ...     + [("cas", "tea"), ("dan", "ham"), ("dan", "salt"), ("eve", "ham")]
        ...     + [("eve", "salt")],
        ...     "user string, item string",
        ... )
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> gr.ItemKNNRecommender().fit(ratings).save(f"{folder}/model")
        >>> scorer = gr.Scorer.open(f"{folder}/model")
        >>> [listed.item for listed in scorer.recommend(["milk"], 1)]
        ['tea']
        >>> [listed.item for listed in scorer.recommend(scorer.history("cas"), 1)]
        ['milk']
    """

    def __init__(self, model: MappedModel) -> None:
        self.model = model

    @staticmethod
    def open(path: str | Path, *, cache: str | Path | None = None) -> Scorer:
        """Open a model that was saved to a directory of this machine.

        Args:
            path: the directory; a link to it may be turned to another one later.
            cache: a folder for the files that are mapped, which are made once; None: `_mapped` in
                the directory itself.

        Raises:
            UnreadableInputError: there is no model, or one that is damaged or cannot be served.
        """
        return Scorer(open_model(path, cache))

    # --- who and what -----------------------------------------------------------------------------

    @property
    def digest(self) -> str:
        """A name for the contents of the model: equal models have the same."""
        return self.model.digest

    @property
    def legs(self) -> tuple[str, ...]:
        """The names of the legs."""
        return self.model.tables.legs

    def history(self, user: Any) -> History:
        """What the model knows of a user; an empty history if it does not know the user."""
        return self.model.history(user) or History.empty()

    def extended(self, known: History, rows: Iterable[Any]) -> History:
        """A history with more interactions, combined by the model's own rules.

        Args:
            known: such as `history` gives.
            rows: ids of items, or (id, value, time): value is a rating or weight, below 0 a
                dislike, time seconds since 1970-01-01 UTC, either may be None. Unknown items are
                left out.

        Raises:
            ParameterError: a value is no number, or a time no number of 0 or more.
        """
        checked = check(rows)
        return self.model.rules.extend(known, self._positions(row.item for row in checked), checked)

    def served(self, history: History) -> History:
        """A history as lists are made of it: weighed by recency, with what may be listed again."""
        model = self.model
        weighed = history.recent_first(model.recency_half_life)
        return weighed.seen_lately(model.seen_again_after, model.rules.latest)

    def mask(self, items: Iterable[Any]) -> Mask:
        """(items,), True for those of some ids that the model knows."""
        mask = np.zeros(len(self.model.items), np.bool_)
        mask[list(self._positions(items).values())] = True
        return mask

    # --- lists ------------------------------------------------------------------------------------

    def recommend(
        self,
        history: History | Iterable[Any],
        k: int = 10,
        *,
        offset: int = 0,
        diversity: float | None = None,
        weights: Mapping[str, float] | None = None,
        allow: Iterable[Any] | Mask | None = None,
        deny: Iterable[Any] | None = None,
    ) -> list[Recommendation]:
        """The best items for a history.

        Args:
            history: of a user, or interactions as `extended` takes them. Where nothing in it is
                known, the most popular items are listed.
            k: length of the list.
            offset: how many of the best items are left out at its top.
            diversity: λ of MMR, 0 to 1; None: as the model was saved.
            weights: of the legs in the blend, by name, 0 for those that are not named; None: as
                the model was saved.
            allow: nothing else is listed: ids, or a mask over the items.
            deny: ids that are not listed, beside those of the history.

        Raises:
            ParameterError: an argument is out of its range.
        """
        request = self._request(k, offset, diversity, weights)
        lists = self._ranked(self._history(history), request, allow, deny)
        return list(self._rows(lists, offset))

    def scores(self, history: History | Iterable[Any], k: int = 10) -> tuple[Any, Any]:
        """Indices and scores of a list as arrays, both (k,): the quickest form."""
        lists = self._ranked(self._history(history), self._request(k, 0, None, None), None, None)
        return lists.item[0], lists.score[0]

    def popular(
        self, k: int = 10, *, hidden: History | None = None, allow: Mask | None = None
    ) -> list[Any]:
        """Ids of the most popular items that are not in a history; it needs no kernel.

        Args:
            k: how many.
            hidden: whose items, and what the user dislikes, are left out.
            allow: (items,), nothing else is listed; None: any.
        """
        seen = set()
        if hidden is not None:
            seen = set(hidden.items.tolist()) | set(hidden.disliked.tolist())
        chosen: list[Any] = []
        for index in range(len(self.model.items)):
            if len(chosen) == k:
                break
            if index not in seen and (allow is None or allow[index]):
                chosen.append(self.model.items[index])
        return chosen

    def related(
        self,
        item: Any,
        k: int = 10,
        *,
        measure: str = DEFAULT_MEASURE,
        min_support: int = DEFAULT_SUPPORT,
        shrinkage: float = DEFAULT_SHRINKAGE,
    ) -> list[Related]:
        """The items that go together with one, as `watchedTogether` ranks them.

        Args:
            item: its id.
            k: how many, at most.
            measure: of association, by which they are ranked.
            min_support: users that a pair needs in common.
            shrinkage: s; a pair is ranked by measure x n / (n + s), n being the users in common.

        Raises:
            ParameterError: an unknown item or measure, a number out of its range, or a model that
                was saved without pairs.
        """
        if measure not in MEASURES:
            raise ParameterError(
                "measure must be a measure of association",
                found=repr(measure),
                fix=f"one of {', '.join(MEASURES)}",
            )
        if not self.model.pairs["indptr"].size:
            raise ParameterError(
                "this model was saved without pairs of items",
                fix="call model.pairs before it is saved, or fit a recommender that counts them",
            )
        found = best_neighbours(
            self.model.pairs,
            np.array([self._item(item)], np.int32),
            self.model.pair_users,
            measure=measure,
            length=_whole("k", k, 1),
            min_support=_whole("min_support", min_support, 1),
            shrinkage=_number("shrinkage", shrinkage, 0.0, 1e9),
            ordered=False,
        )
        after = pa.array(found[AFTER]).to_pylist()
        return [
            Related(
                item=self.model.items[int(found[NEIGHBOUR][n])],
                rank=int(found[RANK][n]),
                together=int(found[TOGETHER][n]),
                after=after[n],
                support_item=int(found[SUPPORT_ITEM][n]),
                support_neighbour=int(found[SUPPORT_NEIGHBOUR][n]),
                measures={name: float(found[name][n]) for name in MEASURES},
            )
            for n in range(len(found[RANK]))
        ]

    def explain(
        self,
        history: History | Iterable[Any],
        item: Any,
        k: int = 10,
        *,
        weights: Mapping[str, float] | None = None,
    ) -> Reasons:
        """Why an item is recommended for a history, or is not.

        Args:
            history: as `recommend` takes it.
            item: the item's id.
            k: length of the list in which it is looked for.
            weights: as `recommend` takes them.

        Raises:
            ParameterError: an unknown item, or a length below 1.
        """
        index = self._item(item)
        served = self.served(self._history(history))
        user = UserContext(
            served.row(_NOTHING_HIDDEN),
            self.model.tables,
            self._request(k, 0, None, weights),
            self._none_excluded,
        )
        return self._reasons(item, user, contributions(user, index), rank_position(user, index))

    # --- inside -----------------------------------------------------------------------------------

    def _request(
        self,
        k: int,
        offset: int,
        diversity: float | None,
        weights: Mapping[str, float] | None,
    ) -> Request:
        request = self.model.request
        length = _whole("k", k, 1) + _whole("offset", offset, 0)
        if diversity is None:
            diversity = request.diversity
        blend = request.blend
        if weights is not None:
            unknown = sorted(set(weights) - set(self.legs))
            if unknown:
                raise ParameterError(
                    "weights name a leg that the model does not have",
                    found=", ".join(unknown),
                    fix=f"it has {', '.join(self.legs)}",
                )
            blend = tuple(
                _number(f"the weight of {leg}", weights.get(leg, 0.0), 0.0, 1e6)
                for leg in self.legs
            )
        return replace(
            request,
            length=length,
            diversity=_number("diversity", diversity, 0.0, 1.0),
            blend=blend,
        )

    def _ranked(
        self,
        history: History,
        request: Request,
        allow: Iterable[Any] | Mask | None,
        deny: Iterable[Any] | None,
    ) -> Lists:
        hidden = _NOTHING_HIDDEN
        if deny is not None:
            hidden = np.array(sorted(self._positions(deny).values()), np.int32)
        excluded = self._none_excluded
        if allow is not None:
            allowed = allow if isinstance(allow, np.ndarray) else self.mask(allow)
            excluded = read_only(~allowed)
        model = self.model
        row = self.served(history).row(hidden)
        return rank_batch(row, model.tables.mapped, excluded, model.tables.fold_ins, request)

    def _rows(self, lists: Lists, offset: int) -> Iterator[Recommendation]:
        source = POPULAR if lists.cold[0] else PERSONAL
        items, scores, shares, because = (
            array[0].tolist() for array in (lists.item, lists.score, lists.share, lists.because)
        )
        ids, legs = self.model.items, self.legs
        for n in range(offset, len(items)):
            if items[n] < 0:
                return
            yield Recommendation(
                item=ids[items[n]],
                rank=n + 1,
                score=scores[n],
                shares=dict(zip(legs, shares[n], strict=True)),
                because=[ids[reason] for reason in because[n] if reason >= 0],
                source=source,
            )

    def _reasons(
        self, item: Any, user: UserContext, parts: Contributions, position: RankPosition
    ) -> Reasons:
        added = parts.parts.sum(axis=1)
        order = np.argsort(-added, kind="stable")
        return Reasons(
            item=item,
            score=parts.score,
            source=PERSONAL if user.personal else POPULAR,
            outcome=position.outcome,
            rank=position.rank,
            shares=dict(zip(parts.legs, parts.share.tolist(), strict=True)),
            contributions=[
                (self.model.items[int(user.history[n])], float(added[n])) for n in order
            ],
            rest=float(parts.other.sum() + parts.constant.sum()),
        )

    def _history(self, history: History | Iterable[Any]) -> History:
        if isinstance(history, History):
            return history
        if isinstance(history, str):
            raise ParameterError(
                "a history is a list of items",
                found=repr(history),
                fix="give [item, ...], or scorer.history(user)",
            )
        return self.extended(History.empty(), history)

    def _item(self, item: Any) -> int:
        index = self.model.items.position(item)
        if index is None:
            raise ParameterError(
                "the model does not know this item",
                found=repr(item),
                fix="give an item of the interactions, of their type",
            )
        return index

    def _positions(self, items: Iterable[Any]) -> dict[Any, int]:
        """The indices of those of some items that the model knows."""
        found = ((item, self.model.items.position(item)) for item in items)
        return {item: index for item, index in found if index is not None}

    @cached_property
    def _none_excluded(self) -> npt.NDArray[np.bool_]:
        return read_only(np.zeros(len(self.model.items), np.bool_))


def _whole(name: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ParameterError(f"{name} must be a whole number of {least} or more", found=repr(value))
    return int(value)


def _number(name: str, value: Any, least: float, most: float) -> float:
    is_number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not is_number or not least <= float(value) <= most:
        raise ParameterError(
            f"{name} must be a number from {least:g} to {most:g}", found=repr(value)
        )
    return float(value)
