"""An S3 server on loopback that can be told to fail: moto's, behind a thin layer that answers in its place.

    python -m tests.helpers.store PORT FAULTS

Only requests that are signed with KEY get through. FAULTS is a file of JSON that is read anew for each request: a list
of [method, what its path holds, first, last, fault]. From the first to the last of the requests that fit (counted from
1 since FAULTS changed; last 0 for all) the answer is a fault of FAULTS_KNOWN: a status; or `torn`, half of the true
answer, `lost`, none of it, and `cut`, none, once half of the request is read: then the connection ends. `late` and `never`
give an answer after LATE_SECONDS, by which the request was done or not: longer than a client may wait.

A body that has not the SHA-256 that was sent along is refused, as S3 does it and moto does not.
"""

import base64
import hashlib
import io
import json
import socket
import sys
import time
from collections import Counter
from pathlib import Path

KEY, SECRET = "AKIADATELINETESTKEY0", "dateline/test+secret/never/told"
FAULTS_KNOWN = {"slow": 503, "error": 500, "gone": 404, "denied": 403, "torn": 0, "cut": 0,
                "lost": 0, "late": 0, "never": 503}  # fmt: skip
LATE_SECONDS = 1
_REASONS = {503: "SlowDown", 500: "InternalError", 404: "NoSuchKey", 403: "AccessDenied"}


class Flaky:
    """A WSGI application that lets some requests fail."""

    def __init__(self, inner, faults: Path, signed_by: str) -> None:
        self._inner = inner
        self._faults = faults
        self._signed_by = signed_by
        self._rules = "[]"
        self._met: Counter[str] = Counter()

    def __call__(self, environ, start_response):
        signed = environ.get("HTTP_AUTHORIZATION", "")
        if environ["PATH_INFO"].startswith("/moto-api"):
            return self._inner(environ, start_response)
        if self._signed_by not in signed:
            return self._refuse(403, "InvalidAccessKeyId", start_response)
        fault = self._fault(environ["REQUEST_METHOD"], self._path(environ))
        if fault is None:
            return self._answer(environ, start_response)
        if fault == "torn":
            return self._tear(environ, start_response)
        if fault == "cut":
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0) // 2)
            return self._end(environ)
        if fault in ("lost", "late"):
            done = b"".join(self._answer(environ, start_response))
            if fault == "lost":
                return self._end(environ)
            time.sleep(LATE_SECONDS)
            return [done]
        if fault == "never":
            time.sleep(LATE_SECONDS)
        code = FAULTS_KNOWN[fault]
        return self._refuse(code, _REASONS[code], start_response)

    def _answer(self, environ, start_response):
        """The true answer."""
        told = environ.get("HTTP_X_AMZ_CHECKSUM_SHA256")
        if told and environ["REQUEST_METHOD"] == "PUT":
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            if base64.b64encode(hashlib.sha256(body).digest()).decode() != told:
                return self._refuse(400, "BadDigest", start_response)
            environ["wsgi.input"] = io.BytesIO(body)
        return self._inner(environ, start_response)

    @staticmethod
    def _end(environ):
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        raise ConnectionResetError("cut by the test")

    def _path(self, environ) -> str:
        return environ["PATH_INFO"] + "?" + environ["QUERY_STRING"]

    def _fault(self, method: str, path: str) -> str | None:
        rules = self._faults.read_text() if self._faults.exists() else "[]"
        if rules != self._rules:
            self._rules = rules
            self._met.clear()
        for wanted, part, first, last, fault in json.loads(rules):
            if method == wanted and part in path:
                name = f"{method} {part} {fault}"
                self._met[name] += 1
                if first <= self._met[name] <= (last or self._met[name]):
                    return fault
        return None

    @staticmethod
    def _refuse(code: int, reason: str, start_response):
        body = f"<?xml version='1.0'?><Error><Code>{reason}</Code><Message>told by the test</Message></Error>"
        start_response(f"{code} {reason}", [("Content-Type", "text/xml"), ("Content-Length", str(len(body)))])
        return [body.encode()]

    def _tear(self, environ, start_response):
        """Half of the body that was announced, then the connection ends."""
        answer = {}

        def keep(status, headers, exc_info=None):
            answer["status"], answer["headers"] = status, headers

        body = b"".join(self._inner(environ, keep))
        start_response(answer["status"], [*answer["headers"], ("Connection", "close")])
        return _broken(body[: len(body) // 2])


def _broken(half: bytes):
    yield half
    raise ConnectionResetError("torn by the test")


if __name__ == "__main__":
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    app = Flaky(DomainDispatcherApplication(create_backend_app), Path(sys.argv[2]), f"Credential={KEY}/")
    make_server("127.0.0.1", int(sys.argv[1]), app, threaded=True).serve_forever()
