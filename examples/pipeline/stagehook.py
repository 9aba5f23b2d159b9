"""A small client of Stagehook's HTTP interface, for pipelines in plain Python."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request

# A stage answers when its last hook has ended, and each may take its time.
STAGE_TIMEOUT_SECONDS = 300
CONNECT_ATTEMPTS = 3


class Problem(Exception):
    """An answer of application/problem+json: what is wrong, where, and why."""

    def __init__(self, status, body, request):
        self.status = status
        self.body = body if isinstance(body, dict) else {}
        self.kind = self.body.get("type", "")
        lines = [f"{request} answered {status}: {self.body.get('title') or str(body)[:200] or 'no explanation'}"]
        if self.body.get("detail"):
            lines.append(f"  {self.body['detail']}")
        for error in self.body.get("errors") or []:
            lines.append(f"  {error.get('pointer') or '(whole body)'}: {error.get('detail')}")
        super().__init__("\n".join(lines))


class Unreachable(Exception):
    """No answer at all."""


class Stagehook:
    """Speaks to one server with one token."""

    def __init__(self, server, token):
        self.server = server.rstrip("/")
        self.token = token

    def get(self, path, **query):
        given = {key: value for key, value in query.items() if value is not None}
        return self.call("GET", path + ("?" + urllib.parse.urlencode(given) if given else ""))

    def items(self, path, **query):
        """Every item of a listing, page by page."""
        cursor = None
        while True:
            page = self.get(path, limit=200, cursor=cursor, **query)
            yield from page["items"]
            cursor = page.get("next_cursor")
            if not cursor:
                return

    def post(self, path, body, **headers):
        return self.call("POST", path, json.dumps(body).encode(), headers=headers)

    def put(self, path, body):
        return self.call("PUT", path, json.dumps(body).encode())

    def run_stage(self, job_id, hook_point, *, segment_path, metadata, scene_context=None, key):
        """Ask what the hooks of a stage say. `key` names this very call: sending
        it again, after a lost connection say, runs nothing twice."""
        body = {"segment_path": segment_path, "metadata": metadata, "scene_context": scene_context or {}}
        path = f"/jobs/{job_id}/stages/{hook_point}/runs"
        return self.post(path, body, **{"Idempotency-Key": key})

    def call(self, method, path, data=None, *, content_type="application/json", headers=None):
        request = urllib.request.Request(self.server + "/api/v1" + path, data, method=method)
        request.add_header("Authorization", "Bearer " + self.token)
        request.add_header("Content-Type", content_type)
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        # Only what may be sent twice without harm is sent again.
        repeatable = method == "GET" or request.has_header("Idempotency-key")
        attempts = CONNECT_ATTEMPTS if repeatable else 1
        for attempt in range(1, attempts + 1):
            try:
                with urllib.request.urlopen(request, timeout=STAGE_TIMEOUT_SECONDS) as answer:
                    return decoded(answer.read())
            except urllib.error.HTTPError as error:
                raise Problem(error.code, decoded(error.read()), f"{method} {path}") from None
            except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
                if attempt == attempts:
                    reason = getattr(error, "reason", error)
                    raise Unreachable(f"no answer from {self.server} ({method} {path}): {reason}") from None
                time.sleep(attempt)
        raise AssertionError("the loop returns or raises")


def decoded(body):
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body.decode(errors="replace")
