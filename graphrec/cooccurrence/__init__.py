"""The pair table: which items users have in common, how it is counted, and the measures of it."""
