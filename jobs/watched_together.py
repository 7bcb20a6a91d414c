"""`graphrec watched-together` under spark-submit.

spark-submit jobs/watched_together.py ratings.csv --out neighbours -k 10
"""

import sys

from graphrec.cli import main

if __name__ == "__main__":
    sys.exit(main(["watched-together", *sys.argv[1:]]))
