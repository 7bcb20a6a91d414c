"""`graphrec update` under spark-submit.

spark-submit jobs/update.py model today.csv --out updated
"""

import sys

from graphrec.cli import main

if __name__ == "__main__":
    sys.exit(main(["update", *sys.argv[1:]]))
