"""Why a user is recommended an item: shares of the score, place in the list, paths in the graph."""
