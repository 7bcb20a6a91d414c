"""A neural network over item embeddings: neural collaborative filtering."""
