"""Checks webhooks with the public library of Standard Webhooks.

Takes one line of JSON each on stdin (secret, headers, body) and answers with one
line: `accepted`, or why not.
"""

import json
import sys

from standardwebhooks import Webhook, WebhookVerificationError

for line in sys.stdin:
    message = json.loads(line)
    try:
        Webhook(message["secret"]).verify(message["body"], message["headers"])
        print("accepted", flush=True)
    except WebhookVerificationError as error:
        print(f"refused: {error}", flush=True)
