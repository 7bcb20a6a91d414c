"""Lists, related items and reasons from a saved model, in a process without Spark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from graphrec.columns import (
    AFTER,
    ITEMS,
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
from graphrec.errors import ColumnError, ParameterError
from graphrec.explanation.contributions import Contributions, contributions
from graphrec.explanation.rank_position import RankPosition, rank_position
from graphrec.explanation.user_context import UserContext
from graphrec.kernels.types import Mask, read_only
from graphrec.scorer.arguments import number, whole
from graphrec.scorer.history import History, check
from graphrec.scorer.mapped_model import MappedModel, open_model
from graphrec.scorer.request_rules import RequestRules
from graphrec.serving.demoted import MIN_FACTOR
from graphrec.serving.fallback import fallback_of
from graphrec.serving.kernel_types import ListRules, Lists
from graphrec.serving.list_rules import require_one_ranking
from graphrec.serving.ranking import rank_batch
from graphrec.serving.request import Request
from graphrec.serving.sources import PERSONAL, SOURCES


@dataclass(frozen=True)
class Recommendation:
    """One item of a list; with the values of the column of the same name of `rankedLists`."""

    item: Any
    rank: int
    score: float
    shares: dict[str, float]  # of the score, by leg
    because: list[Any]  # the history items that contributed most
    source: str  # see `graphrec.serving.sources`
    history_size: int  # interactions that it rests on; 0 where it is not personal


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
    outcome: str  # "listed", "below the list", "over quota", "seen", "denied", ...
    full: str | None  # the category whose quota kept the item out, with the quota
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
            path: the directory; a link to it may be turned to another one later. Of a folder of
                versions (`graphrec update`) the current one is opened.
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

    def profile(self, features: Mapping[str, Any]) -> History:
        """The empty history of somebody of whom no more is known than features.

        Args:
            features: values by name; names that the model has not learned from say nothing.

        Raises:
            ParameterError: a value is of another kind than those that were learned from.
        """
        profiles = self.model.profiles
        if profiles is None:
            return History.empty()
        try:
            one = pa.table({name: pa.array([value]) for name, value in features.items()})
            [vector] = profiles.matrix(one) if features else [np.zeros(profiles.width, np.float32)]
        except (pa.ArrowException, ColumnError) as error:
            raise ParameterError(
                "a feature of the profile is of another kind than the model learned from",
                found=str(error).splitlines()[0],
                fix=f"its features are {profiles.encoding.kinds}",
            ) from error
        return replace(History.empty(), vector=vector if vector.any() else None)

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
        calibration: float | None = None,
        weights: Mapping[str, float] | None = None,
        allow: Iterable[Any] | Mask | None = None,
        deny: Iterable[Any] | None = None,
        shown: Mapping[Any, float] | None = None,
        rules: RequestRules | None = None,
    ) -> list[Recommendation]:
        """The best items for a history.

        Args:
            history: of a user, or interactions as `extended` takes them. Where nothing in it is
                known, the most popular items are listed.
            k: length of the list.
            offset: how many of the best items are left out at its top.
            diversity: λ of MMR, 0 to 1; None: as the model was saved.
            calibration: how much lists shall have the categories of the history, where `rules` have
                some, 0 to 1; None: as the model was saved.
            weights: of the legs in the blend, by name, 0 for those that are not named; None: as
                the model was saved.
            allow: nothing else is listed: ids, or a mask over the items.
            deny: ids that are not listed, beside those of the history.
            shown: how often items were shown, by id; what is not in the history counts less for
                each time, see `shownFactor`.
            rules: boosts, quotas and categories, see `rules`.

        Raises:
            ParameterError: an argument is out of its range, or lists would be both diversified and
                calibrated.
        """
        request = self._request(k, offset, diversity, weights)
        if calibration is not None:
            share = number("calibration", calibration, 0.0, 1.0)
            request = replace(request, calibration=share)
        if rules is not None and rules.arrays.kinds.size:
            require_one_ranking(request.diversity)
        row = self._row(self._history(history), deny=deny, shown=shown)
        lists = self._ranked(row, request, self._narrowed(rules, allow))
        return list(self._rows(row, lists, offset))

    def rules(
        self,
        *,
        boosts: Mapping[Any, float] | None = None,
        quotas: Iterable[tuple[Any, str, int]] = (),
        categories: Iterable[tuple[Any, str]] = (),
    ) -> RequestRules:
        """Boosts, quotas and categories, made once for any number of calls.

        Args:
            boosts: factors of the scores, by id, within a millionth and a million: a score above 0
                is multiplied by it, one below 0 divided.
            quotas: (id, category, quota): a list has no more items of a category.
            categories: (id, category): a list has the categories of the history in its shares, as
                far as `calibration` says.

        Raises:
            ParameterError: a number is out of its range.
        """
        return RequestRules.of(self.model, boosts, quotas, categories)

    def scores(self, history: History | Iterable[Any], k: int = 10) -> tuple[Any, Any]:
        """Indices and scores of a list as arrays, both (k,): the quickest form."""
        row = self._row(self._history(history))
        lists = self._ranked(row, self._request(k, 0, None, None), self._no_rules.arrays)
        return lists.item[0], lists.score[0]

    def popular(
        self, k: int = 10, *, hidden: History | None = None, allow: Mask | None = None
    ) -> list[Any]:
        """Ids of what anybody may be shown that is not in a history; it needs no kernel.

        Args:
            k: how many.
            hidden: whose items, and what the user dislikes, are left out.
            allow: (items,), nothing else is listed; None: any.
        """
        seen = set()
        if hidden is not None:
            seen = set(hidden.items.tolist()) | set(hidden.disliked.tolist())
        chosen: list[Any] = []
        for index, _ in self.fallback():
            if len(chosen) == k:
                break
            if index not in seen and (allow is None or allow[index]):
                chosen.append(self.model.items[index])
        return chosen

    def fallback(self) -> Iterator[tuple[int, str]]:
        """All items, (index, source), in the order of the lists of whoever nothing is known of."""
        order, source, _ = fallback_of(self.model.tables.mapped)
        return ((int(index), SOURCES[source[index]]) for index in order)

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
            length=whole("k", k, 1),
            min_support=whole("min_support", min_support, 1),
            shrinkage=number("shrinkage", shrinkage, 0.0, 1e9),
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
        shown: Mapping[Any, float] | None = None,
        rules: RequestRules | None = None,
    ) -> Reasons:
        """Why an item is recommended for a history, or is not.

        Args:
            history: as `recommend` takes it.
            item: the item's id.
            k: length of the list in which it is looked for.
            weights: see `recommend`.
            shown: see `recommend`.
            rules: see `recommend`.

        Raises:
            ParameterError: an unknown item, or an argument out of its range.
        """
        index = self._item(item)
        given = rules or self._no_rules
        user = UserContext(
            self._row(self._history(history), shown=shown),
            self.model.tables,
            self._request(k, 0, None, weights),
            given.arrays,
            given.categories,
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
        length = whole("k", k, 1) + whole("offset", offset, 0)
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
                number(f"the weight of {leg}", weights.get(leg, 0.0), 0.0, 1e6) for leg in self.legs
            )
        return replace(
            request,
            length=length,
            diversity=number("diversity", diversity, 0.0, 1.0),
            blend=blend,
        )

    def _row(
        self,
        history: History,
        deny: Iterable[Any] | None = None,
        shown: Mapping[Any, float] | None = None,
    ) -> pa.RecordBatch:
        """A history as the ranking takes it, with what is hidden from the user or demoted."""
        hidden = np.array(sorted(self._positions(deny or ()).values()), np.int32)
        return self.served(history).row(hidden, self._demotions(history, shown or {}))

    def _demotions(self, history: History, shown: Mapping[Any, float]) -> dict[int, float]:
        """The factors of the scores of what was shown and not taken, by index, ascending."""
        taken, factor = set(history.items.tolist()), self.model.shown_factor
        times = {
            index: number("how often an item was shown", shown[item], 0.0, 1e9)
            for item, index in self._positions(shown).items()
            if index not in taken
        }
        return {index: max(factor ** times[index], MIN_FACTOR) for index in sorted(times)}

    def _ranked(self, row: pa.RecordBatch, request: Request, rules: ListRules) -> Lists:
        tables = self.model.tables
        return rank_batch(row, tables.mapped, rules, tables.fold_ins, request)

    def _narrowed(
        self, rules: RequestRules | None, allow: Iterable[Any] | Mask | None
    ) -> ListRules:
        """Rules by which nothing but what is allowed is listed."""
        arrays = (rules or self._no_rules).arrays
        if allow is None:
            return arrays
        allowed = allow if isinstance(allow, np.ndarray) else self.mask(allow)
        return arrays._replace(excluded=read_only(~allowed))

    def _rows(self, row: pa.RecordBatch, lists: Lists, offset: int) -> Iterator[Recommendation]:
        size = len(row[ITEMS][0])
        items, scores, shares, because, source = (array[0].tolist() for array in lists)
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
                source=SOURCES[source[n]],
                history_size=size if SOURCES[source[n]] == PERSONAL else 0,
            )

    def _reasons(
        self, item: Any, user: UserContext, parts: Contributions, position: RankPosition
    ) -> Reasons:
        added = parts.parts.sum(axis=1)
        order = np.argsort(-added, kind="stable")
        return Reasons(
            item=item,
            score=parts.score,
            source=user.source(self._item(item)),
            outcome=position.outcome,
            full=position.full,
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
    def _no_rules(self) -> RequestRules:
        return self.rules()
