"""`graphrec explain` under spark-submit.

spark-submit jobs/explain.py ratings.csv u001 m085 --out explained
"""

import sys

from graphrec.cli import main

if __name__ == "__main__":
    sys.exit(main(["explain", *sys.argv[1:]]))
