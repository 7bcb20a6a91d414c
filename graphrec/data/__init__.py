"""From files and rows to clean interactions, dense ids and histories."""

import lazy_loader

# Those that `graphrec` passes on under its own name.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submodules=["datasets", "samples", "splits"]
)
