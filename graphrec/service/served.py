"""The model that is served, and how another one takes its place."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import unquote

from graphrec.data.feature_encoding import NUMBER
from graphrec.errors import GraphrecError, ParameterError
from graphrec.recommenders.versions import version_path
from graphrec.scorer.mapped_folders import remove_unused
from graphrec.scorer.mapped_model import mapped_folder
from graphrec.scorer.saved_model import SavedModel
from graphrec.scorer.scorer import Scorer
from graphrec.service.experiments import Experiments, Source, Treatment
from graphrec.service.items import Items
from graphrec.service.limits import LimitRules
from graphrec.service.problems import ProblemError
from graphrec.service.settings import Settings
from graphrec.service.stored_lists import StoredLists

_LOG = logging.getLogger("graphrec.service")


@dataclass(frozen=True)
class Served:
    """One version of a model with what belongs to it; a request uses one from start to end."""

    path: Path  # links resolved
    scorer: Scorer
    items: Items
    limits: LimitRules
    lists: StoredLists | None

    def user(self, encoded: str) -> Any:
        """The user whom an address names."""
        return self.known_user(unquote(encoded))

    def known_user(self, user: str) -> Any:
        """A user's id as the model has it, or as it was sent; 007 is the user 7 here, too."""
        found = self.scorer.model.users.from_text(user)
        return user if found is None else found

    def item(self, encoded: str) -> Any:
        """The item that an address names.

        Raises:
            ProblemError: the model does not know it.
        """
        item = self.scorer.model.items.from_text(unquote(encoded))
        if self.scorer.model.items.position(item) is None:
            raise ProblemError(404, "the model does not know this item")
        return item

    def features(self, given: Mapping[str, str]) -> dict[str, Any]:
        """Features of a user as an address has them: numbers where the model has learned numbers.

        Raises:
            ParameterError: one of these is no number.
        """
        profiles = self.scorer.model.profiles
        kinds = {} if profiles is None else profiles.encoding.kinds
        return {
            name: _number(name, text) if kinds.get(name) == NUMBER else text
            for name, text in given.items()
        }

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
        limits = LimitRules(scorer, items)
        limits.of(settings.limits)
        lists = None
        if lists_path is not None:
            lists = StoredLists.open(lists_path, scorer, mapped_folder(path, settings.cache))
        return Served(path, scorer, items, limits, lists)


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
            changed = _digests(new) != self.digests
            self._versions = new
        return changed

    def digests_on_disk(self) -> list[str]:
        """What the directories hold now, of the model and those of arms; see `digests`.

        Raises:
            GraphrecError: one of them holds no model.
        """
        paths = [model or self._settings.model for model, _ in self._versions]
        return [SavedModel(path).digest for path in paths]

    @property
    def digests(self) -> list[str]:
        """What is served, of the model and those of arms."""
        return _digests(self._versions)

    def remove_unused(self) -> None:
        """Remove the mapped files of versions that no process serves any more."""
        folders = {mapped_folder(one.path, self._settings.cache) for one in self._versions.values()}
        for folder in folders:
            for removed in remove_unused(folder):
                _LOG.info("%s is used no more, and was removed", removed)

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


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ParameterError(f"the feature {name} is a number", found=repr(text)) from error


def _digests(versions: Versions) -> list[str]:
    return [served.scorer.digest for served in versions.values()]
