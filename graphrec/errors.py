"""Every error graphrec raises on purpose.

    GraphrecError
    ├── InputError                 the user can correct it: the command line exits with 2
    │   ├── ColumnError            a column is missing, ambiguous or of an unusable type
    │   ├── UnreadableInputError   a path is missing, empty, mixed or of an unknown format
    │   │   └── NoRowsError        a file without a row
    │   ├── EmptyInputError        nothing is left to work on
    │   ├── ParameterError         a parameter is out of its range (also a ValueError)
    │   └── OutputExistsError      the output is there and may not be replaced
    └── PlatformError              the machine or the session lacks something: exits with 1
        ├── JavaError              no Java, or one that is too old
        ├── GraphFramesError       GraphFrames' classes are not in the running session
        └── MissingExtraError      an optional package is not installed (also an ImportError)

Each message is one line with three parts: what is wrong, what was found, what to do. Names from
files may be in it, so control characters are escaped.
"""

from __future__ import annotations


class GraphrecError(Exception):
    """Base of all errors raised on purpose.

    Args:
        wrong: what is wrong, as a sentence without its full stop.
        found: what was found instead, or None when there is nothing to show.
        fix: what the user can do about it, or None when nothing helps.
    """

    exit_code = 1

    def __init__(self, wrong: str, *, found: str | None = None, fix: str | None = None) -> None:
        self.wrong, self.found, self.fix = wrong, found, fix
        parts = [wrong, f"found {found}" if found else None, fix]
        super().__init__(shown("; ".join(part for part in parts if part)))


def shown(text: str) -> str:
    r"""The text in one line, with control characters such as \x1b and \u202e escaped."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in text
    )


class InputError(GraphrecError):
    """What the user gave cannot be used; nothing was written."""

    exit_code = 2


class ColumnError(InputError):
    """A column is missing, ambiguous or of a type that cannot be used."""


class UnreadableInputError(InputError):
    """A path is missing, empty, a mixture of formats, or of a format that is not read."""


class NoRowsError(UnreadableInputError):
    """A file or a directory has no rows, or nothing at all in it."""


class EmptyInputError(InputError):
    """No usable row is left."""


class ParameterError(InputError, ValueError):
    """A parameter is out of its range."""


class OutputExistsError(InputError):
    """The output exists already and may not be replaced."""


class DriftError(GraphrecError):
    """New interactions are no longer like those that a model was learned from; all was written."""

    exit_code = 3


class PlatformError(GraphrecError):
    """The machine or the Spark session lacks something that graphrec needs."""


class UnreachableError(PlatformError):
    """A server or a catalog that lists are written to does not take them."""


class JavaError(PlatformError):
    """Java is missing or older than Spark needs."""


class GraphFramesError(PlatformError):
    """The running session has no GraphFrames classes on its class path."""


class MissingExtraError(PlatformError, ImportError):
    """Optional packages are not installed (mostly `pip install 'graphrec[EXTRA]'` does it)."""
