"""Writes a log that fills every part of the page: many endpoints, kinds of errors and models, long and hostile names."""

import json
import math
import random
import sys
import uuid
from datetime import datetime, timedelta, timezone

EVIL = '</td><script>alert(1)</script><img src=x onerror="alert(1)">&quot;\u202e\u0007\uffff'
MODELS = ["gpt-5-2025-08-07", "claude-opus-4", "a-model-with-a-name-that-is-longer-than-any-column-would-like", EVIL]
ERRORS = [
    ("shop::OrderError", "could not place order {n}", "src/orders.rs:42"),
    ("sqlx::Error", "pool timed out while waiting for an open connection", "src/db.rs:118"),
    ("", "HTTP 503", ""),
    ("alloc::string::String", EVIL, "src/" + "deep/" * 40 + "mod.rs:1"),
]


def main(folder, count):
    dice = random.Random(11)
    routes = [("GET", "/health")] + [
        (dice.choice(["GET", "POST", "PUT", "DELETE"]), f"/api/v1/{dice.choice(['users', 'orders', 'articles'])}/{{id}}/{n}")
        for n in range(150)
    ]
    routes += [("POST", "/v1/chat/completions"), ("GET", "/" + "very-long-" * 30), ("GET", "/" + EVIL)]
    at = datetime(2026, 11, 20, 22, 14, 7, tzinfo=timezone.utc)
    with open(f"{folder}/api.log", "w", encoding="utf-8") as api, open(f"{folder}/errors.log", "w", encoding="utf-8") as errors:
        for number in range(count):
            at += timedelta(seconds=dice.expovariate(1) * 6 * (1.2 + math.sin(number / count * 12)))
            method, endpoint = routes[min(int(dice.expovariate(0.04)), len(routes) - 1)]
            duration = dice.lognormvariate(1.5, 1.6) * (40 if "chat" in endpoint else 1)
            is_storm = 0.6 < number / count < 0.65
            failed = dice.random() < (0.4 if is_storm else 0.02)
            status = 500 if failed else dice.choice([200] * 30 + [201, 204, 302, 404, 429])
            entry = {
                "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                "level": "ERROR" if failed else "INFO",
                "type": "response",
                "run": "abcdefgh",
                "seq": number + 1,
                "request_id": str(uuid.UUID(int=dice.getrandbits(128))),
                "method": method,
                "endpoint": endpoint,
                "status_code": status,
                "duration_ms": round(duration, 3),
                "outcome": "complete",
            }
            if failed:
                name, message, place = dice.choice(ERRORS)
                message = message.replace("{n}", str(number))
                entry |= {"error_type": name, "error_message": message}
                told = entry | {"type": "error", "message": message, "location": place}
                errors.write(json.dumps(told) + "\n")
            entry["response_bytes"] = dice.randrange(20, 40000)
            if dice.random() < 0.2:
                entry["cache"] = {"prices": {"hits": dice.randrange(3), "misses": dice.randrange(2)}}
            if "chat" in endpoint or dice.random() < 0.05:
                tokens = dice.randrange(50, 9000)
                entry["llm"] = {"model": dice.choice(MODELS), "input_tokens": tokens, "cached_tokens": tokens // 3, "output_tokens": dice.randrange(900)}
            begun = entry | {"type": "request", "message": "Incoming request"}
            api.write(json.dumps({key: begun[key] for key in ["timestamp", "level", "type", "run", "seq", "request_id", "method", "endpoint", "message"]}) + "\n")
            # A few are never answered.
            if number % 9973 != 9972:
                api.write(json.dumps(entry) + "\n")


main(sys.argv[1], int(sys.argv[2]))
