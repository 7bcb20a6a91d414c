"""Hyperparameter search for the hybrid on held-out interactions."""
