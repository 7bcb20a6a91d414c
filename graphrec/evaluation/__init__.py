"""Metrics, comparisons and tuning."""
