"""From histories and tables to ranked lists: one compiled kernel."""
