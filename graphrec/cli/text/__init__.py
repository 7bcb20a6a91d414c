"""What the verbs print: tables on standard output, and summaries."""
