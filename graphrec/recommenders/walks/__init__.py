"""Random walks: P3 and RP3beta, and personalized PageRank."""
