"""`graphrec drift` under spark-submit.

spark-submit jobs/drift.py model today.csv --out drift
"""

import sys

from graphrec.cli import main

if __name__ == "__main__":
    sys.exit(main(["drift", *sys.argv[1:]]))
