"""`graphrec experiment plan` under spark-submit.

spark-submit jobs/experiment_plan.py events.parquet --out plan
"""

import sys

from graphrec.cli import main

if __name__ == "__main__":
    sys.exit(main(["experiment-plan", *sys.argv[1:]]))
