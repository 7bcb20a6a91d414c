"""EASE: ridge regression of each item on its neighbours."""
