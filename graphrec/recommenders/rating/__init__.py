"""Rating prediction: biases, factors and drift by variational Bayes."""
