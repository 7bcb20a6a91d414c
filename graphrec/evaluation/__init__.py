"""Metrics of lists and ratings, comparison of models, significance."""
