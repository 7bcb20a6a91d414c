"""Files of the users to serve and of the items that may be listed.

They are opened before anything is learned, so that a mistake in them costs no time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pyspark.sql import functions as F

from graphrec.cli.io.inputs import RAW, IdList, open_ids
from graphrec.columns import COUNT, ITEM, USER
from graphrec.data.column_types import quoted

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from graphrec.cli.io.model_source import Source
    from graphrec.cli.options import ShownOptions
    from graphrec.cli.runtime.progress_lines import Report
    from graphrec.data.dataset import Dataset

USERS: Final = "users"  # the list of those to serve


@dataclass(frozen=True)
class ListFigures:
    """How many ids of one column of a list are known to the model.

    Attributes:
        ids: distinct ones that are not blank.
        unknown: those that are not in what was learned, unusable ones included.
        unusable: those that are of another type than the ids that were learned.
        example: one that is unknown, the first one as text; None without any.
    """

    ids: int
    unknown: int
    unusable: int
    example: str | None


FiguresByList = Mapping[str, Mapping[str, ListFigures]]
"""By list and role."""


class Filters:
    """Lists of ids whose files are known to be readable."""

    def __init__(
        self,
        spark: SparkSession,
        options: ShownOptions,
        source: Source,
        *,
        users: str | None = None,
    ) -> None:
        """Open the files.

        Args:
            spark: session.
            options: of the verb.
            source: of the interactions, whose ids the files hold.
            users: path of those to serve.

        Raises:
            UnreadableInputError: a file cannot be read.
            ColumnError: a file has no column of such ids, or ids of another type.
        """
        user, item = {"user": source.columns.user}, {"item": source.columns.item}
        self._lists = {
            name: open_ids(spark, path, wanted=wanted, also=also, kept=[COUNT], text=options)
            for name, path, wanted, also in (
                (USERS, users, user, {}),
                ("allow", options.allow, item, {}),
                ("deny", options.deny, item, user),
                ("shown", options.shown, user | item, {}),
            )
            if path is not None
        }
        for ids in self._lists.values():
            ids.check(source.id_types)

    def frames(self, dataset: Dataset) -> dict[str, DataFrame]:
        """As keywords of `rankedLists` and `explain`, with the dataset's types of ids."""
        return {name: ids.typed(dataset.id_types) for name, ids in self._lists.items()}

    def figures(self, dataset: Dataset) -> FiguresByList:
        """Count the ids that have no effect, because nothing was learned of them."""
        return {
            name: {role: _counted(ids, role, dataset) for role in ids.columns}
            for name, ids in self._lists.items()
        }


def _counted(ids: IdList, role: str, dataset: Dataset) -> ListFigures:
    listed = quoted(ids.columns[role].name)
    known = dataset.histories.select(USER) if role == "user" else dataset.items.select(ITEM)
    found = known.toDF("known")
    joined = ids.distinct(role, dataset.id_types).join(found, listed == F.col("known"), "left")
    unknown = F.col("known").isNull()
    row = joined.agg(
        F.count("*"),
        F.count_if(unknown),
        F.count_if(listed.isNull()),
        F.min(F.when(unknown, F.col(RAW))),
    ).first()
    assert row is not None  # an aggregate without groups has one row
    return ListFigures(*row)


def list_figures(counted: FiguresByList) -> dict[str, dict[str, dict[str, int]]]:
    """What `_run.json` has of the lists."""
    return {
        name: {
            role: {"ids": of.ids, "unknown": of.unknown, "unusable": of.unusable}
            for role, of in by_role.items()
        }
        for name, by_role in counted.items()
    }


def print_unknown_ids(report: Report, counted: FiguresByList) -> None:
    """Print, for each list, how many of its ids the model does not know, and what that means."""
    for name, by_role in counted.items():
        for role, of in by_role.items():
            if of.unknown:
                report.line(
                    f"--{name}: {of.unknown:,} of {of.ids:,} {role}s are not in what was learned, "
                    f"such as {of.example!r}: {_effect(name, of)}"
                )


def _effect(name: str, of: ListFigures) -> str:
    if name == "allow":
        return "nothing is listed" if of.unknown == of.ids else "they are not listed"
    if name != USERS:
        return "they have no effect"
    if of.unknown == of.unusable:
        return "as none of their type is, they get no list"
    served = "they get what is popular"
    if of.unusable:
        served += f", but for {of.unusable:,} that are no whole numbers and get no list"
    return served
