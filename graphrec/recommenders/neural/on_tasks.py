"""A network learned by several tasks of Spark at once, to the same bits as by one.

The tasks are those of a barrier stage: all run at the same time, or none. Each has the histories
as memory-mapped files and computes its blocks of each batch, see
`graphrec.recommenders.embedding.peers`. Gradients go through the first task by connections of
their own: Spark's `allGather` looks once a second whether all have come, which is as long as a
hundred steps. It tells the tasks where to connect, and a key without which nobody is let in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from functools import partial
from typing import Final

import pyarrow as pa
from pyspark import BarrierTaskContext
from pyspark.sql import SparkSession

from graphrec.errors import ParameterError
from graphrec.kernels.csr import CSR, csr
from graphrec.recommenders.neural.connections import Guest, Hub, pack, unpack
from graphrec.recommenders.neural.tower import Layer
from graphrec.recommenders.neural.training import Network, NetworkTraining, learn_network
from graphrec.spark.parallelism import parallelism
from graphrec.spark.shared_arrays import SharedArrays, share_arrays

_ARRAYS: Final = "arrays"


def learn_on_tasks(
    spark: SparkSession, histories: CSR, items: int, training: NetworkTraining, tasks: int
) -> Network:
    """What `learn_network` gives, computed by some tasks.

    Args:
        spark: the running session.
        histories: (users, items), the weights; each of at least two items.
        items: number of items.
        training: how.
        tasks: how many; Spark must run so many at once.

    Raises:
        ParameterError: it runs fewer.
    """
    require_slots(spark, "trainingTasks", tasks)
    shared = share_arrays(spark, histories._asdict())
    learn = partial(_learn_in_task, shared=shared, items=items, training=training)
    numbers = spark.range(0, tasks, 1, tasks)
    table = numbers.mapInArrow(learn, f"{_ARRAYS} binary", barrier=True).toArrow()
    vector, *layers = unpack(table[_ARRAYS][0].as_py())
    pairs = zip(layers[::2], layers[1::2], strict=True)
    return Network(vector, [Layer(weights, bias) for weights, bias in pairs])


def require_slots(spark: SparkSession, name: str, tasks: int) -> None:
    """Require that Spark runs some tasks at once, as many as a parameter of a name says.

    Raises:
        ParameterError: it runs fewer.
    """
    slots = parallelism(spark)
    if tasks > slots:
        raise ParameterError(
            f"{name} must be no more than the tasks that Spark runs at once",
            found=f"{tasks} tasks, and {slots} at once",
            fix=f"set it to {slots} at most, or give Spark more cores",
        )


def _learn_in_task(
    batches: Iterable[pa.RecordBatch],
    *,
    shared: SharedArrays,
    items: int,
    training: NetworkTraining,
) -> Iterator[pa.RecordBatch]:
    """Learn with the other tasks; the first one gives what all have learned."""
    for _ in batches:  # the number of this task, which the context knows, too
        pass
    context = BarrierTaskContext.get()
    with closing(_together(context)) as peers:
        network = learn_network(csr(**shared.open()), items, training, peers)
    if peers.task == 0:
        arrays = [network.vector, *(array for layer in network.layers for array in layer)]
        yield pa.RecordBatch.from_pydict({_ARRAYS: [pack(arrays)]})


def _together(context: BarrierTaskContext) -> Hub | Guest:
    """This task among the others, when all have found each other."""
    infos, task = context.getTaskInfos(), context.partitionId()
    if task > 0:
        return Guest(context.allGather()[0], task, len(infos))
    hub = Hub(infos[0].address.rsplit(":", 1)[0], len(infos))
    context.allGather(hub.invitation)
    hub.join()
    return hub
