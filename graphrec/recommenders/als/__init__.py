"""Alternating least squares on implicit feedback."""
