"""The hybrid: a blend of recommenders, its weights, and self-training."""
