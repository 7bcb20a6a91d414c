"""The map of the items on which people walk through the graph."""
