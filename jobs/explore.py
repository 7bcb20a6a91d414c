"""`graphrec explore` under spark-submit.

spark-submit jobs/explore.py ratings.csv --out explored
"""

import sys

from graphrec.cli import main

if __name__ == "__main__":
    sys.exit(main(["explore", *sys.argv[1:]]))
