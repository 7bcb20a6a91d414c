"""The sentences that say which models are better than the reference beyond chance."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from graphrec.evaluation.comparison import LONGEST, MODEL, SHORTEST
from graphrec.evaluation.cutoffs import K
from graphrec.evaluation.significance import MIN_USERS, holm
from graphrec.evaluation.summary import METRIC, USERS
from graphrec.reports.tables.evaluation import ACCURACY, EvaluationTables, group_name
from graphrec.reports.words.evaluation import interactions_of
from graphrec.reports.words.metrics import WORDING


def better_models(
    tables: EvaluationTables, *, variant: str | None = None, remedy: str | None = None
) -> list[str]:
    """Which models have a higher NDCG than the reference, of all users and in groups of them.

    A model is named where the paired difference is not 0 at the confidence of the tables, after
    Holm's correction: for all users together of the tests of all models at all cutoffs, for the
    groups by length of the history of those of all models, groups and cutoffs. Fewer than 20 users
    are not judged.

    Args:
        tables: of the comparison.
        variant: a model that changes something of the reference; nothing is said about it.
        remedy: what can be done, a sentence.

    Returns:
        A sentence for all users, and one for the groups, where there is something to say.
    """
    everybody = _beaten_by(tables.significance, tables, variant)
    groups = _beaten_by(tables.significance_by_activity, tables, variant)
    said = []
    if everybody:
        said.append(f"Better than {tables.reference} beyond chance: {_named(everybody, tables)}.")
    if groups:
        said.append(
            f"Better than {tables.reference} beyond chance in groups of users by the length of "
            f"their histories: {_named(groups, tables)}."
        )
    return [*said, remedy] if said and remedy else said


def _beaten_by(rows: pd.DataFrame, tables: EvaluationTables, variant: str | None) -> list[Any]:
    """Of each model and group that is better at some cutoff, the row of its largest difference."""
    tested = rows[
        (rows[METRIC] == ACCURACY) & (rows[MODEL] != variant) & (rows[USERS] >= MIN_USERS)
    ]
    tested = tested.assign(corrected=holm(list(tested["p_value"])))
    better = tested[
        (tested["difference"] < 0) & (tested["corrected"] < 1 - tables.confidence)
    ].sort_values(["difference", K])
    keys = [MODEL, *(name for name in (SHORTEST, LONGEST) if name in rows)]
    worst = better.drop_duplicates(keys)
    order = [worst[MODEL].map(list(tables.models).index), *(worst[name] for name in keys[1:])]
    return list(worst.iloc[_sorted(order)].itertuples()) if len(worst) else []


def _sorted(order: Iterable[pd.Series[Any]]) -> list[int]:
    """The positions of rows by several keys."""
    keys = list(zip(*order, strict=True))
    return sorted(range(len(keys)), key=keys.__getitem__)


def _named(rows: list[Any], tables: EvaluationTables) -> str:
    """`walk (NDCG@10 0.473 against 0.456, p 2e-05)`, and so on."""
    shown = WORDING[ACCURACY].of
    return ", ".join(
        f"{row.model}{_of_group(row)} ({WORDING[ACCURACY].title}@{row.k} {shown(row.mean)} "
        f"against {shown(row.reference_mean)}, p {row.corrected:.1g})"
        for row in rows
    )


def _of_group(row: Any) -> str:
    if not hasattr(row, SHORTEST):
        return ""
    return f" for users with {interactions_of(group_name(row.shortest, row.longest))}"
