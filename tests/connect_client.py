"""What is asked of a Spark Connect session where no server is needed."""

from types import SimpleNamespace
from typing import Any


def client(host: str) -> Any:
    """A session whose server is on a machine of this name."""
    return SimpleNamespace(client=SimpleNamespace(host=host))
