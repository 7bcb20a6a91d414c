"""What the graph of users and items looks like: one file per idea, each giving tables."""
