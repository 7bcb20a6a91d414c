"""A saved model in a process without Spark: lists, related items and reasons in milliseconds."""
