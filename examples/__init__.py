"""Examples of the documentation, which tests run."""
