"""The user-item graph and its analyses: one file per question of `graphrec explore`."""
