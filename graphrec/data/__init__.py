"""From files and rows to clean interactions, dense ids and histories."""
