"""Item embeddings, learned by a sampled softmax."""
