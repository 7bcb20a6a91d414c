"""How fast graphrec is beside its peers, in the same run on the same cores."""
