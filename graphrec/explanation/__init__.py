"""Why a user is recommended an item: shares of the score, rank in the list, paths in the graph."""
