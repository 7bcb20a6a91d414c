"""How a verb runs: session, progress, interruptions, errors."""
