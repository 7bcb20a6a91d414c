"""What users are like says what they take: lists for users who have no history."""
