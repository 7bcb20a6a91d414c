"""Tables out of files: encodings, delimiters, and one clear line for what cannot be read."""
