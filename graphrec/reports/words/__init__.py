"""What the pages and tables say, in words."""
