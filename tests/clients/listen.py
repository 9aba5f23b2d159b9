"""A public client of Socket.IO, driven by a test.

    listen.py URL OPTIONS

Says all that it hears on stdout, one line of JSON each; a line `again ID` on
stdin breaks its connection, and it goes on after that event. Handlers take one
argument, as those of applications do; each runs in a thread of its own, so that
they may be heard in another order than they were told.
"""

import json
import sys
import threading

import socketio

url, options = sys.argv[1], json.loads(sys.argv[2])
auth = dict(options["auth"])
printing = threading.Lock()


def say(**what):
    with printing:
        print(json.dumps(what), flush=True)


client = socketio.Client(reconnection_delay=0.01, reconnection_delay_max=0.01)


def hear(name):
    def handler(data):
        say(event=name, data=data)

    client.on(name, handler)


for name in options["names"]:
    hear(name)
client.on("connect", lambda: say(connected=client.transport()))
client.on("connect_error", lambda why: say(refused=why))
client.on("disconnect", lambda reason: say(disconnected=reason))
try:
    client.connect(
        url,
        auth=lambda: auth,
        headers=options.get("headers", {}),
        transports=options["transports"],
    )
except socketio.exceptions.ConnectionError:
    # `connect_error` said why.
    sys.exit(0)
for line in sys.stdin:
    command, last_event_id = line.split()
    if command == "again":
        auth["last_event_id"] = last_event_id
        client.eio.ws.close()
# The test is gone; a client that reconnects is not waited for.
client.shutdown()
