"""The model that is served, and how another one takes its place."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from pathlib import Path

from graphrec.errors import GraphrecError
from graphrec.scorer.scorer import Scorer
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
    def open(settings: Settings, path: str | Path | None = None) -> Served:
        """Open the model, and serve one list, by which the compiled kernels are loaded.

        Args:
            settings: where everything is.
            path: the model; None: that of the settings.

        Raises:
            GraphrecError: the model, the items or the lists cannot be used.
        """
        path = Path(path or settings.model).resolve()
        scorer = Scorer.open(path, cache=settings.cache)
        scorer.recommend(scorer.history(scorer.model.users[0]) if len(scorer.model.users) else [])
        items = Items.read(settings.items, scorer)
        lists = None
        if settings.lists is not None:
            folder = Path(settings.cache or path / "_mapped")
            lists = StoredLists.open(settings.lists, scorer, folder)
        return Served(path, scorer, items, lists)


class Current:
    """The version that requests get; another is opened beside it and takes its place when whole."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._reloading = threading.Lock()
        self.served = Served.open(settings)

    def reload(self, path: str | None = None) -> bool:
        """Take another model.

        Args:
            path: its directory; None: that of the settings, as it is now.

        Returns:
            whether it is another one.

        Raises:
            GraphrecError: it cannot be used; the one before stays.
        """
        with self._reloading:
            try:
                new = Served.open(self._settings, path)
            except GraphrecError as error:
                _LOG.error("a new model was refused: %s", error)
                raise
            changed = new.scorer.digest != self.served.scorer.digest
            self.served = new
        return changed
