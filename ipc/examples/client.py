#!/usr/bin/env python3
"""Says something to the agent and prints the answer: client.py SOCKET TEXT"""
import json, os, socket, struct, sys

connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
stream, events = connection.makefile("rwb"), []

def send(message):
    payload = json.dumps(message).encode()
    stream.write(struct.pack(">BI", 1, len(payload)) + payload)
    stream.flush()

def receive():
    header = stream.read(5)
    if len(header) < 5:
        sys.exit("the daemon closed the connection")
    return json.loads(stream.read(struct.unpack(">BI", header)[1]))

def call(method, **params):
    send({"type": "request", "id": 1, "method": method, "params": params})
    while (message := receive())["type"] != "reply":
        events.append(message)  # An event may come before the reply: keep it for later.
    return message

def ok(reply):
    return reply["ok"] if "fault" not in reply else sys.exit(reply["fault"]["message"])

send({"type": "hello", "min_version": 1, "max_version": 1, "client": "client.py"})
if (welcome := receive())["type"] != "welcome":
    sys.exit(welcome["fault"]["message"])
found = call("session/find", workspace=os.getcwd())
if found.get("fault", {}).get("code") == "not_found":
    found = call("session/create", workspace=os.getcwd())
session = ok(found)["id"]
ok(call("event/subscribe", watch=session, only=session))
sent = ok(call("message/send", session_id=session, text=sys.argv[2]))
turn = sent.get("turn_id")  # Absent where the message waits behind a running turn.
while True:
    event = events.pop(0) if events else receive()
    name, data = event.get("event"), event.get("data")
    if name == "text_delta" and data["turn_id"] == turn:
        print("\n" * (data["offset"] == 0 and data["step"] > 1) + data["text"], end="", flush=True)
    elif name == "turn_changed" and data.get("message_id") == sent["message_id"]:
        turn = data["id"]
        if data["state"]["state"] == "finished":
            print()
            outcome = data["state"]["outcome"]["outcome"]
            sys.exit(None if outcome == "done" else f"the turn ended: {outcome}")
