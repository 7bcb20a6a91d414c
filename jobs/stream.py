"""`graphrec stream` under spark-submit.

spark-submit jobs/stream.py incoming --model versions --checkpoint checkpoint
"""

import sys

from graphrec.cli import main

if __name__ == "__main__":
    sys.exit(main(["stream", *sys.argv[1:]]))
