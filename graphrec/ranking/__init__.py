"""From profiles and tables to ranked lists."""
