"""The model that is served, and how another one takes its place."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from graphrec.errors import GraphrecError, ParameterError
from graphrec.recommenders.versions import version_path
from graphrec.scorer.scorer import Scorer
from graphrec.service.experiments import Experiments, Source, Treatment
from graphrec.service.items import Items
from graphrec.service.settings import Settings
from graphrec.service.stored_lists import StoredLists

_LOG = logging.getLogger("graphrec.service")


@dataclass(frozen=True)
class Served:
    """One version of a model with what belongs to it; a request uses one from start to end."""

    path: Path  # links resolved
    scorer: Scorer
    items: Items
    lists: StoredLists | None

    @staticmethod
    def open(settings: Settings, path: str | Path, lists_path: str | None) -> Served:
        """Open a model, and serve one list, by which the compiled kernels are loaded.

        Args:
            settings: where everything else is.
            path: the model.
            lists_path: lists of it, None if there are none.

        Raises:
            GraphrecError: the model, the items or the lists cannot be used.
        """
        path = Path(version_path(str(path))).resolve()
        scorer = Scorer.open(path, cache=settings.cache)
        scorer.recommend(scorer.history(scorer.model.users[0]) if len(scorer.model.users) else [])
        items = Items.read(settings.items, scorer)
        lists = None
        if lists_path is not None:
            folder = Path(settings.cache or path / "_mapped")
            lists = StoredLists.open(lists_path, scorer, folder)
        return Served(path, scorer, items, lists)


Versions: TypeAlias = dict[Source, Served]
_EVERYBODYS: Final[Source] = (None, None)


class Current:
    """The version that requests get; another is opened beside it and takes its place when whole.

    Arms of experiments may have models of their own, which are opened with it.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._reloading = threading.Lock()
        self.exploration = settings.exploration
        self.experiments = Experiments.read(settings.experiments)
        self._versions = self._open(settings.model)

    @property
    def served(self) -> Served:
        """What everybody gets whose arm has no model of its own."""
        return self._versions[_EVERYBODYS]

    def of(self, treatment: Treatment) -> Served:
        """What a user gets."""
        return self._versions[treatment.settings.source]

    def reload(self, path: str | None = None) -> bool:
        """Take another model.

        Args:
            path: its directory; None: that of the settings, as it is now.

        Returns:
            whether it, or that of an arm, is another one.

        Raises:
            GraphrecError: it cannot be used; the one before stays.
        """
        with self._reloading:
            try:
                new = self._open(path or self._settings.model)
            except GraphrecError as error:
                _LOG.error("a new model was refused: %s", error)
                raise
            changed = _digests(new) != _digests(self._versions)
            self._versions = new
        return changed

    def _open(self, path: str) -> Versions:
        """The model, and those of arms; every arm lists once, so that all can."""
        versions: Versions = {_EVERYBODYS: Served.open(self._settings, path, self._settings.lists)}
        for name, arm in self.experiments.of_arms():
            if arm.model is not None and arm.source not in versions:
                versions[arm.source] = Served.open(self._settings, arm.model, arm.lists)
            scorer = versions[arm.source].scorer
            try:
                scorer.recommend([], 1, diversity=arm.diversity, weights=arm.weights)
            except ParameterError as error:
                raise ParameterError(
                    f"the arm {name} cannot be served", found=str(error)
                ) from error
        return versions


def _digests(versions: Versions) -> list[str]:
    return [served.scorer.digest for served in versions.values()]
