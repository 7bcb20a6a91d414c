"""Entry points for spark-submit: the verbs of the command line with the same options."""
