"""Measurements and large checks: run by hand; what is small enough of them runs in tests, too."""
