"""What verbs read and write."""
