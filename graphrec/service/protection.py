"""What stands before the service: the ids in addresses, limits, and tokens."""

from __future__ import annotations

import asyncio
import hmac
import os
import time
from collections import OrderedDict
from contextlib import suppress
from typing import Final
from urllib.parse import quote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graphrec.service.page import PAGE
from graphrec.service.problems import problem
from graphrec.service.settings import ADMIN_TOKEN, EVENTS_TOKEN, READ_TOKEN, Settings

_PROBES: Final = ("/healthz", "/readyz")  # they have no token, and no limit
_ADMIN: Final = ("/reload", "/metrics")
_TOKENS: Final = {"read": READ_TOKEN, "events": EVENTS_TOKEN, "admin": ADMIN_TOKEN}
_BURST_SECONDS: Final = 2.0  # of its rate that a client may use at once
_MAX_CLIENTS: Final = 10_000  # whose rates are remembered
_READ_AWAY: Final = 1 << 24  # bytes of a body that is refused; with a larger one the line is cut
_BODY_SECONDS: Final = 10.0  # in which a body has to arrive


class _TooLargeError(Exception):
    """A body above the limit."""


class Protection:
    """ASGI middleware; the checks in the order of their cost.

    Addresses reach the application as they were sent, not decoded: a slash in an id is no
    separator. Handlers decode the ids.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._settings = app, settings
        self._working = 0
        self._rates = _Rates(settings.rate)
        self._tokens = {role: os.environ.get(name, "") for role, name in _TOKENS.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let the application answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        raw = scope.get("raw_path") or quote(scope["path"]).encode()
        path = raw.partition(b"?")[0].decode("ascii", "replace")
        scope = {**scope, "path": path}
        headers = dict(scope["headers"])
        refused = self._refusal(path, scope, headers)
        if refused is not None:
            status, detail, extra = refused
            await _read_away(receive, int(headers.get(b"content-length", b"0")))
            await problem(status, detail, extra)(scope, receive, send)
            return
        self._working += 1
        try:
            await self._app(scope, self._limited(receive), send)
        except _TooLargeError:
            await problem(413, self._too_large())(scope, receive, send)
        except TimeoutError:
            await problem(408, "the body did not arrive in time")(scope, receive, send)
        finally:
            self._working -= 1

    def _refusal(
        self, path: str, scope: Scope, headers: dict[bytes, bytes]
    ) -> tuple[int, str, dict[str, str] | None] | None:
        """Status, detail and headers of a refusal; None for what may pass."""
        if path in _PROBES:
            return None
        if self._working >= self._settings.concurrency:
            return 503, "too many requests are being worked on", {"Retry-After": "1"}
        if not self._is_authorised(path, scope["method"], headers):
            return 401, "a bearer token is needed, and not this one", {"WWW-Authenticate": "Bearer"}
        client = headers.get(b"authorization") or str((scope.get("client") or ("",))[0]).encode()
        if not self._rates.allows(client):
            return 429, "too many requests of one client", {"Retry-After": "1"}
        if int(headers.get(b"content-length", b"0")) > self._settings.max_body:
            return 413, self._too_large(), None  # the server has seen that it is a number
        return None

    def _is_authorised(self, path: str, method: str, headers: dict[bytes, bytes]) -> bool:
        """Whether the token is that of the role, or of administration; by constant time."""
        role = "admin" if path in _ADMIN else "events" if path == "/events" else "read"
        if path in PAGE or not self._tokens[role]:
            return True
        kind, _, given = headers.get(b"authorization", b"").partition(b" ")
        fits = [
            hmac.compare_digest(given.strip(), self._tokens[one].encode())
            for one in (role, "admin")
            if self._tokens[one]
        ]
        return kind.lower() == b"bearer" and any(fits)

    def _limited(self, receive: Receive) -> Receive:
        received = 0
        ends = time.monotonic() + _BODY_SECONDS

        async def limited() -> Message:
            nonlocal received
            left = None if received < 0 else max(ends - time.monotonic(), 0.01)
            async with asyncio.timeout(left):
                message = await receive()
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                if received > self._settings.max_body:
                    raise _TooLargeError
                if not message.get("more_body"):
                    received = -1  # what is still received is the client's leaving
            return message

        return limited

    def _too_large(self) -> str:
        return f"a body has at most {self._settings.max_body} bytes"


async def _read_away(receive: Receive, size: int) -> None:
    """Read the body of a request that is refused: whoever still sends would not see the answer."""
    if not 0 < size <= _READ_AWAY:
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(_BODY_SECONDS):
            while (await receive()).get("more_body"):
                pass


class _Rates:
    """A bucket of tokens for each client that was seen lately."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._buckets: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def allows(self, client: bytes) -> bool:
        """Take a token of a client, if there is one."""
        if self._rate <= 0:
            return True
        now, most = time.monotonic(), max(self._rate * _BURST_SECONDS, 1.0)
        left, before = self._buckets.pop(client, (most, now))
        left = min(left + (now - before) * self._rate, most)
        allowed = left >= 1.0
        self._buckets[client] = (left - allowed, now)
        if len(self._buckets) > _MAX_CLIENTS:
            self._buckets.popitem(last=False)
        return allowed
