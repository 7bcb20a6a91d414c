"""The user-item graph and what is computed on it."""
