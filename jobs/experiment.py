"""`graphrec experiment` under spark-submit.

spark-submit jobs/experiment.py events.parquet --out experiment
"""

import sys

from graphrec.cli import main

if __name__ == "__main__":
    sys.exit(main(["experiment", *sys.argv[1:]]))
