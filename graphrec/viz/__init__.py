"""Pages for people: charts, and HTML that needs no network."""
