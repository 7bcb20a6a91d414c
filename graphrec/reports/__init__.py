"""Pages for people: charts, words, and HTML that needs no network."""
