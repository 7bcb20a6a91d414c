"""Choosing the settings of a hybrid on held-out interactions."""
