"""The command line: one file per verb.

Modules here import nothing heavy at their top unless a verb that runs needs them anyway: `--help`
answers without loading Spark.
"""

from graphrec.cli.app import main

__all__ = ["main"]
