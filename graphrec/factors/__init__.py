"""Latent factors: fitting them and folding profiles in."""
