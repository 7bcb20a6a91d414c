"""`graphrec recommend` under spark-submit.

spark-submit jobs/recommend.py ratings.csv --out lists -k 10
"""

import sys

from graphrec.cli import main

if __name__ == "__main__":
    sys.exit(main(["recommend", *sys.argv[1:]]))
