"""Reading tables from files: encodings, delimiters, and one-line errors for unreadable ones."""
