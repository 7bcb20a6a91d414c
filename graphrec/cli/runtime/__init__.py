"""How a verb runs: its session, its progress, its interruptions, its errors."""
