"""A stand-in for a studio's production tracker: notes every version it is told of.

It is what a webhook's receiver should be: it checks the signature over the raw
body before it reads the body, and does nothing twice for the same execution.
"""

import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BODY_MAX_BYTES = 4 << 20


class Tracker:
    """Serves on a free port of this machine until closed."""

    def __init__(self, secret=None):
        self.secret = secret
        self.versions = {}
        self.refused = 0
        self.lock = threading.Lock()
        tracker = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                status, answer = tracker.receive(self)
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/versions"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def receive(self, request):
        length = int(request.headers.get("Content-Length") or 0)
        if length > BODY_MAX_BYTES:
            return 413, {"error": "too large"}
        body = request.rfile.read(length)
        if self.secret and not self.signed(body, request.headers.get("X-Stagehook-Signature", "")):
            with self.lock:
                self.refused += 1
            return 401, {"error": "the signature does not match the body"}
        return 200, self.note(json.loads(body))

    def signed(self, body, signature):
        expected = "sha256=" + hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected, signature)

    def note(self, call):
        job = call.get("job") or {}
        with self.lock:
            version = self.versions.setdefault(call["execution_id"], len(self.versions) + 1)
        what = f"{job.get('external_ref')} {call['trigger'].get('hook_point')}"
        # The answer is a hook's result like any other: it is shown, and its
        # metadata is merged into the stage's.
        return {
            "status": "pass",
            "message": f"noted as version {version} of {what}",
            "metadata": {"tracker": {"version": version}},
        }

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
