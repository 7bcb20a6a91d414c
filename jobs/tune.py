"""`graphrec tune` under spark-submit.

spark-submit jobs/tune.py ratings.csv --out tuning
"""

import sys

from graphrec.cli import main

if __name__ == "__main__":
    sys.exit(main(["tune", *sys.argv[1:]]))
