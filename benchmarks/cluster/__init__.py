"""graphrec on a real cluster: the same lists, also when executors are lost."""
