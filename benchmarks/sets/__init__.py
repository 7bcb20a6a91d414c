"""graphrec and its peers on many sets of interactions: quality, intervals, short histories."""
