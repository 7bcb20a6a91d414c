"""Compiled code: compiling and its cache, sparse rows, choosing the best, exact sums."""
