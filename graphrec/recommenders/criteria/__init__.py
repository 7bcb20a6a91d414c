"""Prediction of several criteria, and of the overall rating that people make of them."""
