"""Jobs on a real cluster whose executors are killed, against the same jobs in local mode.

    python -m benchmarks.cluster [--job recommend] [--ratings FILE] [--undisturbed] [-- OPTIONS]

OPTIONS are those of `graphrec recommend`. Ends with 1 if a result differs, a job fails, an executor
could not be caught at work, or a worker mapped a file that is not its own.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.cluster import jobs
from benchmarks.cluster.jobs import Job
from benchmarks.cluster.lost_executors import JobRun
from benchmarks.cluster.standalone import Cluster, standalone_cluster

_SAMPLE = Path(__file__).parents[2] / "sample_data" / "ratings.csv"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, compare and print; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--ratings", type=Path, default=_SAMPLE, help="default: sample_data")
    parser.add_argument("--out", type=Path, help="for results and logs; default: a temporary one")
    parser.add_argument("--memory", default="1g", help="of each of the two workers")
    parser.add_argument("--job", choices=("recommend", "evaluate"), help="default: both")
    parser.add_argument("--undisturbed", action="store_true", help="also without a loss")
    parser.add_argument("options", nargs="*", help="more options of graphrec recommend")
    given = parser.parse_args(arguments)
    out = (given.out or Path(tempfile.mkdtemp(prefix="cluster-"))).resolve()
    ratings = given.ratings.resolve()
    both = (jobs.recommend(ratings, given.options), jobs.evaluate(ratings))
    good = True
    with standalone_cluster(out / "cluster", memory=given.memory) as cluster:
        print(f"workers that do not see the driver's files: {cluster.isolated}", flush=True)
        for job in [job for job in both if given.job in (None, job.name)]:
            folder = out / job.name
            jobs.run_locally(job, folder / "local")
            if given.undisturbed:
                good &= _passes(cluster, job, folder, losing_executors=False)
            good &= _passes(cluster, job, folder, losing_executors=True)
    print(f"written to {out}")
    return 0 if good else 1


def _passes(cluster: Cluster, job: Job, folder: Path, *, losing_executors: bool) -> bool:
    """Run a job on the cluster and print what happened; whether it was as it should be."""
    name = "losing executors" if losing_executors else "undisturbed"
    result = folder / name.replace(" ", "-")
    checkpoints = {"spark.checkpoint.dir": str(folder / "checkpoints")}
    run = jobs.run_on(cluster, job, result, losing_executors=losing_executors, settings=checkpoints)
    print(f"{job.name}, {name}: {run.seconds:.1f} s")
    if run.exit_code:
        print(f"  failed with {run.exit_code}:", *run.output[-20:], sep="\n  ", flush=True)
        return False
    same = jobs.result(result).equals(jobs.result(folder / "local"))
    print(f"  the result of local mode, bit for bit: {same}")
    _tell_losses(run)
    foreign = run.foreign_files()
    print(f"  {run.mapped_files} shared arrays mapped by the workers, {len(foreign)} foreign")
    sys.stdout.flush()
    return same and not run.missed and not foreign


def _tell_losses(run: JobRun) -> None:
    for stage, executor in run.killed.items():
        print(f"  executor {executor} killed in: {stage}")
    for stage in run.missed:
        print(f"  no executor was caught at work in: {stage}")


if __name__ == "__main__":
    sys.exit(main())
