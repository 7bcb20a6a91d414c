"""Ratings that are predicted while they come in."""
