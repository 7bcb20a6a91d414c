"""Compiled code: the compiler and its cache, sparse rows, top-k selection, exact sums."""
