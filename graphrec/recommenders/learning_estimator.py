"""What every Estimator here has in common: checked ParamMaps, and a directory to be saved to.

An Estimator may be made of others (a hybrid of its legs) and of frames (given factors). In a
directory they are beside its metadata:

metadata/    class, version, parameters, and what else is there
NAME/        a frame of the constructor's argument NAME, as Parquet
NAME/0 ...   the Estimators of the constructor's argument NAME
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar, overload

from pyspark.ml.base import Estimator, Model
from pyspark.ml.param import Param
from pyspark.ml.util import MLReadable, MLReader, MLWritable, MLWriter
from pyspark.sql import DataFrame

from graphrec.errors import ParameterError
from graphrec.params import DefaultParams
from graphrec.recommenders.saved_directory import (
    DirectoryReader,
    DirectoryWriter,
    read_directory,
    restore_params,
    write_directory,
)

M = TypeVar("M", bound=Model)
ParamMap = dict[Param[Any], Any]
Given = Mapping[str, "DataFrame | Sequence[LearningEstimator[Any]]"]


class LearningEstimator(Estimator[M], DefaultParams, MLWritable, MLReadable["Any"]):
    """An Estimator whose parameters are those of `DefaultParams`."""

    @overload
    def fit(self, dataset: DataFrame, params: ParamMap | None = ...) -> M: ...

    @overload
    def fit(self, dataset: DataFrame, params: list[ParamMap] | tuple[ParamMap, ...]) -> list[M]: ...

    def fit(
        self,
        dataset: DataFrame,
        params: ParamMap | list[ParamMap] | tuple[ParamMap, ...] | None = None,
    ) -> M | list[M]:
        """Learn a model, or one for each of several parameter maps.

        Args:
            dataset: see the class.
            params: values for this fit by Param, of this Estimator or of those it is made of; or
                several such maps.

        Raises:
            ParameterError: a value is out of its range, or a Param is of something else.
        """
        maps = params if isinstance(params, list | tuple) else [params]
        for one in maps:
            if isinstance(one, dict):
                self._check_owned(one)
        return super().fit(dataset, params)  # type: ignore[arg-type] # theirs is a tuple of one

    def write(self) -> MLWriter:
        """A writer: `estimator.write().overwrite().save(path)`."""
        return _EstimatorWriter(self)

    @classmethod
    def read(cls) -> MLReader[Any]:
        """A reader: `Estimator.load(path)`."""
        return _EstimatorReader(cls)

    def given(self) -> Given:
        """What the constructor was given beside parameters, by the names of its arguments."""
        return {}

    def _copy_shared_values(self, model: M) -> M:
        """A model with this uid, so that ParamMaps for one fit the other, and the shared values.

        Where both have a Param of this name, its default in the model may be another.
        """
        defaults = {own.name: model.getOrDefault(own) for own in model.params}
        model = self._copyValues(model._resetUid(self.uid))
        return model._setDefault(**defaults)

    def _all_parts(self) -> Iterator[LearningEstimator[Any]]:
        """This Estimator, and those it is made of."""
        yield self
        for value in self.given().values():
            if not isinstance(value, DataFrame):
                for part in value:
                    yield from part._all_parts()

    def _check_owned(self, params: Mapping[Any, Any]) -> None:
        parts = {part.uid: part for part in self._all_parts()}
        for param in params:
            if not isinstance(param, Param):
                raise ParameterError(
                    "the keys of a parameter map must be Params",
                    found=repr(param),
                    fix=f"write it as {{estimator.{param}: value}}",
                )
            if param.parent not in parts or not parts[param.parent].hasParam(param.name):
                raise ParameterError(
                    f"{type(self).__name__} has no part that the parameter {param.name} is of",
                    found=str(param),
                    fix=f"its parts are {', '.join(parts)}",
                )


class _EstimatorWriter(DirectoryWriter):
    def saveImpl(self, path: str) -> None:
        frames: dict[str, DataFrame] = {}
        parts: dict[str, MLWritable] = {}
        counts: dict[str, int] = {}
        for name, value in self._written.given().items():
            if isinstance(value, DataFrame):
                frames[name] = value
            else:
                parts |= {f"{name}/{number}": part for number, part in enumerate(value)}
                counts[name] = len(value)
        write_directory(
            self.sparkSession,
            path,
            self._written,
            frames,
            {"frames": list(frames), "parts": counts},
            overwrite=self.shouldOverwrite,
            parts=parts,
        )


class _EstimatorReader(DirectoryReader):
    def load(self, path: str) -> Any:
        spark = self.sparkSession
        cls, metadata, described = read_directory(spark, path, self._expected)
        given: dict[str, Any] = {
            name: spark.read.parquet(f"{path}/{name}") for name in described["frames"]
        }
        for name, count in described["parts"].items():
            reader = LearningEstimator.read().session(spark)
            given[name] = [reader.load(f"{path}/{name}/{at}") for at in range(count)]
        estimator = cls(**given)
        restore_params(estimator, metadata)
        return estimator
