"""New interactions for a model that was fitted: what changes is learned, the rest stays.

- **Histories, popularity** are made again of the accepted rows, which a model keeps, and the new
  ones: by the rules of the fit, whatever they are, and to the same bits as a fit to all of them.
- **Item pairs** are counted again from the histories. They are the quickest part of a fit, and the
  counts of a few users cannot be added to a table that keeps each item's best neighbours alone.
- **Legs that are made of pairs** (walk, EASE, item kNN), the trend, and what users and items are
  like, are learned from all again.
- **Vectors** of ALS and of embeddings are learned on from where they stand
  (`Recommender.learning_on`), new items from 0 or at random.
- **Weights and settings** that the fit has chosen stay: finding them is most of a fit.
- **Self-training** takes its likely items from the lists that the weights before the update make,
  with vectors that are up to date.

A batch is taken in once, see `graphrec.data.batches`. Whoever is forgotten leaves no trace: the
rows are removed, and all legs are learned anew from the others.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from graphrec.columns import BATCH, REASON, USER
from graphrec.data.batches import HASH, fingerprint, fingerprint_sum, fingerprints
from graphrec.data.catalogue import Catalogue
from graphrec.data.contract import rejected_rows
from graphrec.data.dataset import Dataset
from graphrec.data.frames import require_frame
from graphrec.errors import ParameterError
from graphrec.progress import stage
from graphrec.recommenders.base import Recommender
from graphrec.recommenders.before import Before
from graphrec.recommenders.model import RecommenderModel
from graphrec.recommenders.update_figures import UpdateFigures
from graphrec.spark.persisted import PersistedFrames

NEW_ROWS = "new rows"  # a stage


@dataclass(frozen=True)
class Update:
    """What came of an update.

    Attributes:
        model: the updated model; the one before where nothing has changed.
        figures: of what was taken in.
        rejected: (the input's own columns, reason: string), new rows that were not accepted; kept
            in memory as long as this object is referred to.
    """

    model: RecommenderModel
    figures: UpdateFigures
    rejected: DataFrame
    persisted: PersistedFrames = field(repr=False)

    @property
    def has_changed(self) -> bool:
        """Whether anything was taken in or forgotten."""
        return bool(self.figures.accepted_rows or self.figures.forgotten_users)


def update(
    model: RecommenderModel,
    interactions: DataFrame | None,
    forget: DataFrame | None = None,
    *,
    batch: str | None = None,
) -> Update:
    """See `RecommenderModel.update`."""
    if interactions is None and forget is None:
        raise ParameterError("nothing to update by", fix="give interactions, or users to forget")
    recommender, persisted = _recommender_of(model), PersistedFrames()
    with stage(NEW_ROWS) as counts:
        dataset = with_batch_names(model.dataset)
        forgotten = None if forget is None else persisted.persist(_users_in(dataset, forget))
        judged = persisted.persist(_without(_judged(dataset, interactions), forgotten))
        figures = _figures(dataset, judged, forgotten, batch)
        counts.update({"accepted": figures.accepted_rows, "users": figures.changed_users})
    done = Update(model, figures, rejected_rows(judged), persisted)
    if not done.has_changed:
        return done
    if forgotten is not None:
        recommender = _without_users(recommender, dataset, forgotten)
    known = dataset.made_again(_all_rows(dataset, judged, forgotten, figures))
    names = dataset.batches if figures.batch is None else (*dataset.batches, figures.batch)
    known = replace(known, batches=names)
    learner = recommender
    if not figures.forgotten_users:
        learner = recommender.learning_on(_before(model, known.catalogue, judged))
    made = learner.fit_to(learner.enrich(known))
    made.learned_by = recommender
    made.update_figures = figures
    made.streams = model.streams
    made.origin = replace(made.origin, parent=_name(model))
    return replace(done, model=model._copyValues(made))


def changed_users(model: RecommenderModel, since: RecommenderModel) -> DataFrame:
    """See `RecommenderModel.changedUsers`."""
    _recommender_of(model)
    _recommender_of(since)
    before = with_batch_names(since.dataset).batches
    dataset = with_batch_names(model.dataset)
    if dataset.batches[: len(before)] != before:
        raise ParameterError(
            "the model does not come from the other one by updates",
            found=f"{len(dataset.batches)} batches, {len(before)} of the other, not the same",
            fix="give a version that it was updated from",
        )
    assert dataset.rows is not None  # see `_recommender_of`
    new = dataset.rows.where(F.col(BATCH) >= len(before))
    return new.select(F.col(USER).alias(dataset.columns.user)).distinct()


def _before(model: RecommenderModel, catalogue: Catalogue, judged: DataFrame) -> Before:
    """What is learned on from: all of a model but what it lists to users who have changed."""
    changed = judged.where(F.col(REASON).isNull()).select(USER).distinct()
    likely = model.likely
    if likely is not None:
        likely = likely.join(F.broadcast(changed), USER, "left_anti")
    return Before(model.tables, catalogue, likely, changed)


def _name(model: RecommenderModel) -> str:
    """What the card of an updated model calls the one before."""
    return model.figures.fingerprint if model.figures is not None else model.origin.created


# --- what there is --------------------------------------------------------------------------------


def _recommender_of(model: RecommenderModel) -> Recommender:
    if not isinstance(model.learned_by, Recommender) or model.dataset.rows is None:
        raise ParameterError(
            "this model cannot be updated: how it was learned is not known",
            found=type(model).__name__,
            fix="fit it with this version of graphrec; of a hybrid update the whole, not a leg",
        )
    return model.learned_by


def with_batch_names(dataset: Dataset) -> Dataset:
    """A dataset with its rows whose batches have names; that of a fit is named when it is needed.

    Args:
        dataset: has rows.
    """
    assert dataset.rows is not None  # see `_recommender_of`
    return replace(dataset, batches=dataset.batches or tuple(fingerprints(dataset.rows).values()))


def _users_in(dataset: Dataset, frame: DataFrame) -> DataFrame:
    """(user), the distinct users of a frame."""
    require_frame(frame, "the table of users to forget")
    users = frame.select(dataset.users_of(frame).alias(USER))
    return users.where(F.col(USER).isNotNull()).distinct()


# --- what is new ----------------------------------------------------------------------------------


def _judged(dataset: Dataset, interactions: DataFrame | None) -> DataFrame:
    """The new rows with the number of their batch, those that are rejected among them."""
    if interactions is None:
        interactions = dataset.empty_interactions()
    return dataset.judged(interactions).withColumn(BATCH, F.lit(len(dataset.batches)))


def _figures(
    dataset: Dataset, judged: DataFrame, forgotten: DataFrame | None, batch: str | None
) -> UpdateFigures:
    """What is taken in: nothing of a batch that is known."""
    counted = judged.groupBy(REASON).agg(
        F.count("*").alias("rows"), F.count_distinct(USER).alias("users"), fingerprint_sum()
    )
    by_reason = {row[REASON]: row for row in counted.collect()}  # one row per reason
    name, rows, users = None, 0, 0
    if (accepted := by_reason.pop(None, None)) is not None:
        name = batch or fingerprint(accepted["rows"], accepted[HASH])
        if name in dataset.batches:
            name = None
        else:
            rows, users = accepted["rows"], accepted["users"]
    gone = 0 if forgotten is None else dataset.served.join(forgotten, USER, "left_semi").count()
    return UpdateFigures(
        batch=name,
        accepted_rows=rows,
        rejected={reason: row["rows"] for reason, row in by_reason.items()},
        changed_users=users,
        forgotten_users=gone,
    )


def _all_rows(
    dataset: Dataset, judged: DataFrame, forgotten: DataFrame | None, figures: UpdateFigures
) -> DataFrame:
    """The rows that are known, as if they were judged, with the new ones."""
    assert dataset.rows is not None  # see `_recommender_of`
    known = _without(dataset.rows, forgotten)
    if figures.batch is None:  # nothing is accepted, or it is known already
        judged = judged.where(F.col(REASON).isNotNull())
    return known.unionByName(judged, allowMissingColumns=True)


# --- who is forgotten -----------------------------------------------------------------------------


def _without(rows: DataFrame, forgotten: DataFrame | None) -> DataFrame:
    if forgotten is None:
        return rows
    return rows.join(F.broadcast(forgotten), USER, "left_anti")


def _without_users(recommender: Recommender, dataset: Dataset, forgotten: DataFrame) -> Recommender:
    """A recommender that was given nothing of these users."""
    copied = recommender.copy()
    for part in copied._all_parts():
        for name in ("userFeatures", "userFactors"):
            frame: DataFrame | None = getattr(part, name, None)
            if frame is not None:
                column = dataset.columns.user if name == "userFeatures" else frame.columns[0]
                gone = forgotten.withColumnRenamed(USER, column)
                setattr(part, name, frame.join(F.broadcast(gone), column, "left_anti"))
    return copied
