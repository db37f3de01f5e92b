"""Holds what the log says of each call against what the clients saw: both have to tell the same.

A client asks before the request arrives and sees a token after it passed: its time to the first is the longer one, by up
to 100 ms. Rates may differ by a quarter.
"""

import json
import sys

told, log = sys.argv[1:]
with open(told, encoding="utf-8") as file:
    told = json.load(file)
with open(log, encoding="utf-8") as file:
    entries = [json.loads(line) for line in file]
responses = {entry["request_id"]: entry for entry in entries if entry["type"] == "response"}
events = {entry["request_id"]: entry for entry in entries if entry.get("event_type") == "llm_usage"}

APART_MS, APART = 100, 0.25
failed = []


def compare(case, name, logged, seen):
    if name == "time_to_first_token_ms":
        same = logged is not None and seen - APART_MS <= logged <= seen
    elif name == "tokens_per_second" and None not in (logged, seen):
        same = abs(logged - seen) <= APART * seen
    else:
        same = logged == seen
    if not same:
        failed.append(f"{case}: {name} is {logged!r} in the log, {seen!r} to the client")


compared = 0
for seen in told:
    request_id = seen.pop("request_id")
    case = f"{seen['provider']} {seen['operation']} {request_id}"
    response = responses.get(request_id)
    if response is None:
        failed.append(f"{case}: no response entry")
        continue
    usage = response.get("llm", {})
    event = events.get(request_id, {}).get("fields", {})
    for name, value in seen.items():
        logged = usage.get(name, [] if name == "finish_reasons" else None)
        compare(case, name, logged, value)
        compared += 1
        # One value is no list there, and none is nothing.
        if name == "finish_reasons":
            compare(case, f"{name} of llm_usage", event.get("finish_reason"), *(value or [None]))
        else:
            compare(case, f"{name} of llm_usage", event.get(name), logged)
    compare(case, "request_model", usage.get("request_model"), seen["model"])
    is_streamed = "time_to_first_token_ms" in seen
    compare(case, "stream", "stream" in response, is_streamed)
    if is_streamed:
        compare(case, "ended_by", response["stream"]["ended_by"], "server")
    else:
        compare(case, "time to first token", usage.get("time_to_first_token_ms"), None)
    # What the client did not see the log does not know either.
    for name in ("input_tokens", "output_tokens", "tokens_per_second"):
        if name not in seen:
            compare(case, name, usage.get(name), None)

with open(sys.argv[2], encoding="utf-8") as file:
    if "canary" in file.read():
        failed.append("a key of a client is in the log")
for why in failed:
    print(f"FAILED  {why}")
print(f"api.log: {len(told)} calls, {compared} values compared, {len(failed)} failed")
sys.exit(1 if failed or not told else 0)
