"""How quickly lists are served, at which rates, and beside other ways; what a soak finds."""
