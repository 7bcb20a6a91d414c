"""Recommenders: what all have in common here, one file or folder for each of them."""
