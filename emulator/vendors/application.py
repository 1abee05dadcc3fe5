"""All sandboxes as one WSGI application. A new one is a class of its own, named in SANDBOXES.

| Address | What |
|---|---|
| `/{name}/…` | the vendor, as its clients know it |
| `GET /sandbox` | the sandboxes and their base addresses |
| `GET /inbox` | every text and e-mail that was sent, oldest first; `?to=` whom |
| `DELETE /sandbox/{name}` | forget its state, counts and faults |
| `GET, DELETE /sandbox/{name}/requests` | what was asked of it, by route; DELETE counts anew |
| `GET, POST, DELETE /sandbox/{name}/faults` | failures on demand (`emulator.vendors.faults`) |
| `/sandbox/{name}/…` | seeding and looking at its state (`control` of each sandbox) |
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask

from emulator.vendors.alleaves.sandbox import AlleavesSandbox
from emulator.vendors.alpine_iq.sandbox import AlpineIqSandbox
from emulator.vendors.blackleaf.sandbox import BlackleafSandbox
from emulator.vendors.mailjet.sandbox import MailjetSandbox
from emulator.vendors.sandbox import Sandbox

SANDBOXES: tuple[type[Sandbox], ...] = (AlpineIqSandbox, AlleavesSandbox, BlackleafSandbox, MailjetSandbox)


class Application:
    """A WSGI application; before it ends, `release` it."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._sandboxes = [kind(now) for kind in SANDBOXES]
        self._flask = flask.Flask("vendors", static_folder=None)
        for sandbox in self._sandboxes:
            self._flask.register_blueprint(sandbox.blueprint())
            self._flask.register_blueprint(sandbox.control())
        self._flask.add_url_rule("/sandbox", "sandboxes", self._listing)
        self._flask.add_url_rule("/inbox", "inbox", self._inbox)

    def __call__(self, environ: Any, start_response: Any) -> Any:
        return self._flask(environ, start_response)

    @property
    def names(self) -> list[str]:
        """The sandboxes, as their addresses begin."""
        return [sandbox.name for sandbox in self._sandboxes]

    def release(self) -> None:
        """Let go of what hangs."""
        for sandbox in self._sandboxes:
            sandbox.faults.clear()

    def _listing(self) -> flask.Response:
        root = flask.request.host_url
        return flask.jsonify({sandbox.name: f"{root}{sandbox.name}" for sandbox in self._sandboxes})

    def _inbox(self) -> flask.Response:
        wanted = flask.request.args.get("to")
        sent = [
            message for sandbox in self._sandboxes for message in sandbox.inbox() if wanted in (None, message["to"])
        ]
        return flask.jsonify(sorted(sent, key=lambda message: float(message["at"])))
