"""Experiments: is the new list better, and which arm is worth showing."""
