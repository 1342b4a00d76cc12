"""Who may ask the server: pages that it served itself, on this machine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse

# Nothing from elsewhere, nothing within the page's own text, and in no frame.
POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

Asgi = Callable[[Any, Any, Any], Awaitable[None]]


class Guard:
    """Refuses what does not come from a page of this server, and puts `HEADERS` on every answer.

    A name other than its own in ``Host`` is how a page from elsewhere reaches a server on this machine under a name of
    its own; browsers say with ``Origin`` and ``Sec-Fetch-Site`` whose page asks.
    """

    def __init__(self, app: Asgi, port: int) -> None:
        self.app = app
        self.hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self.origins = {f"http://{host}" for host in self.hosts}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                # Files of the page are asked for again, but sent only if they have changed.
                headers["Cache-Control"] = "no-cache" if scope["path"].startswith("/page/") else "no-store"
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self.app)(scope, receive, guarded)

    def _refusal(self, scope: Any) -> JSONResponse | None:
        headers = Headers(scope=scope)
        if headers.getlist("host")[:2] not in [[host] for host in self.hosts]:
            return JSONResponse({"error": "this server answers only under its own address"}, 421)
        origin = headers.get("origin")
        foreign = headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
        # The page itself may be opened from a link.
        if (origin is not None and origin not in self.origins) or (foreign and scope["path"] != "/"):
            return JSONResponse({"error": "this server answers only to its own page"}, 403)
        return None
