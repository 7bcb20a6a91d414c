"""What is known of items gives those a place in a model that hardly anybody has had."""
