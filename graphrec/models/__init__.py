"""Recommenders: one file each, Params, Estimator and Model together."""
