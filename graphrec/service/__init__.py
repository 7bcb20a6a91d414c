"""Recommendations over HTTP: the scorer, the events of users, and what protects both."""
