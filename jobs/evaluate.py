"""`graphrec evaluate` under spark-submit.

spark-submit jobs/evaluate.py ratings.csv --out comparison
"""

import sys

from graphrec.cli import main

if __name__ == "__main__":
    sys.exit(main(["evaluate", *sys.argv[1:]]))
