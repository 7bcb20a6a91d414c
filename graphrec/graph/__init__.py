"""The user-item graph, and what it looks like: one file per question of `graphrec explore`."""
