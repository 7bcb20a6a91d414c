"""The Spark runtime: sessions, the JVM, and how arrays travel between driver and workers."""
