"""The card of a model: what it is, what it was learned from, how good it is. It needs no Spark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Self

from graphrec import __version__
from graphrec.data.figures import InteractionFigures
from graphrec.recommenders.saved_format import FORMAT, require_format


@dataclass(frozen=True)
class Metric:
    """A figure of a model's quality, and what it was measured on.

    Attributes:
        name: such as NDCG@20.
        value: the mean over the users.
        low: the lower end of its interval of 95 %; None where there is none.
        high: the upper end.
        users: who were measured; 0 where it is not of users.
        split: what was held out.
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    users: int = 0
    split: str = ""


@dataclass(frozen=True)
class Origin:
    """When and by what a model was learned.

    Attributes:
        created: the moment, ISO 8601 in UTC.
        graphrec: version of graphrec.
        spark: version of Spark.
        parent: the fingerprint of the interactions of the model that this one was made of by an
            update; None: it was learned anew.
    """

    created: str
    graphrec: str
    spark: str
    parent: str | None = None

    @classmethod
    def now(cls, spark: str, parent: str | None = None) -> Self:
        """Of a model that is being learned.

        Args:
            spark: version of the session.
            parent: see the class.
        """
        created = datetime.now(UTC).isoformat(timespec="seconds")
        return cls(created, __version__, spark, parent)

    @classmethod
    def of_metadata(cls, metadata: Mapping[str, Any]) -> Self:
        """Of a model whose metadata say only when and by what it was saved."""
        saved = datetime.fromtimestamp(metadata["timestamp"] / 1000.0, UTC)
        return cls(saved.isoformat(timespec="seconds"), "", metadata["sparkVersion"])


@dataclass(frozen=True)
class ModelCard:
    """What is known of a model.

    Attributes:
        type: the name of its class.
        origin: when and by what it was learned.
        parameters: values by name, set or default.
        columns: names of the input's columns by role.
        users: number of users with a history; None where the model does not say.
        items: number of items; likewise.
        figures: of the interactions that it was learned from; None where they are not known.
        metrics: how good it is, as far as that was measured.
        format: of the directory that it is saved to.
    """

    type: str
    origin: Origin
    parameters: Mapping[str, Any]
    columns: Mapping[str, str | None]
    users: int | None = None
    items: int | None = None
    figures: InteractionFigures | None = None
    metrics: tuple[Metric, ...] = ()
    format: int = FORMAT

    @property
    def sparsity(self) -> float | None:
        """The share of all pairs of a user and an item that are no interactions."""
        if self.figures is None or not self.users or not self.items:
            return None
        return 1.0 - self.figures.interactions / (self.users * self.items)

    def described(self) -> dict[str, Any]:
        """What of it is saved beside the parameters and the columns, as JSON."""
        return {
            "origin": asdict(self.origin),
            "users": self.users,
            "items": self.items,
            "figures": None if self.figures is None else asdict(self.figures),
            "metrics": [asdict(metric) for metric in self.metrics],
        }

    def as_json(self) -> dict[str, Any]:
        """All of it, as an answer of a service has it."""
        return asdict(self) | {"sparsity": self.sparsity}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, Any], path: str) -> Self:
        """The card of a saved model.

        Args:
            metadata: as PySpark writes them.
            path: of the model's directory, for errors.

        Raises:
            UnreadableInputError: the model is of another format.
        """
        described = require_format(metadata, path)
        card = described.get("card", {})
        figures = card.get("figures")
        return cls(
            type=str(metadata["class"]).rpartition(".")[2],
            origin=Origin(**card["origin"]) if card else Origin.of_metadata(metadata),
            parameters=metadata["defaultParamMap"] | metadata["paramMap"],
            columns=described.get("columns", {}),
            users=card.get("users"),
            items=card.get("items"),
            figures=None if figures is None else InteractionFigures.from_described(figures),
            metrics=tuple(Metric(**metric) for metric in card.get("metrics", ())),
        )
