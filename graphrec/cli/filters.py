"""Who is served and what may be listed, from files: opened before the model is learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphrec.cli.inputs import open_ids
from graphrec.cli.source import id_types

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from graphrec.cli.options import FilterOptions
    from graphrec.data.columns_found import InteractionColumns
    from graphrec.models.recommender import RecommenderModel


class Filters:
    """Lists of ids whose files are known to be readable."""

    def __init__(
        self,
        spark: SparkSession,
        options: FilterOptions,
        columns: InteractionColumns,
        *,
        users: str | None = None,
    ) -> None:
        """Open the files.

        Args:
            spark: session.
            options: of the verb.
            columns: of the interactions, whose ids the files hold.
            users: path of those to serve.

        Raises:
            UnreadableInputError: a file cannot be read.
            ColumnError: a file has no column of such ids.
        """
        user, item = {"user": columns.user}, {"item": columns.item}
        self._lists = {
            name: open_ids(spark, path, wanted=wanted, also=also, text=options)
            for name, path, wanted, also in (
                ("users", users, user, {}),
                ("allow", options.allow, item, {}),
                ("deny", options.deny, item, user),
            )
            if path is not None
        }

    def frames(self, model: RecommenderModel) -> dict[str, DataFrame]:
        """As keywords of `rankedLists` and `explain`, with the model's types of ids."""
        kinds = id_types(model)
        return {name: ids.typed(kinds) for name, ids in self._lists.items()}
