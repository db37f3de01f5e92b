"""How long after it is in the file `flightlog -f` shows a line.

    python3 benches/cli/follow.py FLIGHTLOG [LINES]

Responses as the crate writes them are appended to an api.log of a temporary directory, one (100 in all) at a time and at
moments by chance. The time from the write to the line's arrival in a pipe, in milliseconds: median and maximum.
"""

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time


def line(count):
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + ".000000Z"
    return json.dumps(
        {
            "timestamp": moment,
            "level": "INFO",
            "type": "response",
            "run": "a1b2c3d4",
            "seq": count,
            "request_id": f"0198c0de-0000-7000-8000-{count:012x}",
            "method": "GET",
            "endpoint": f"/line/{count}",
            "status_code": 200,
            "duration_ms": 1.5,
            "outcome": "complete",
            "message": "Outgoing response",
        },
        separators=(",", ":"),
    ).encode() + b"\n"


def main():
    flightlog, most = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100
    delays = []
    with tempfile.TemporaryDirectory() as place:
        with open(os.path.join(place, "api.log"), "ab", buffering=0) as log:
            log.write(line(0))
            child = subprocess.Popen([flightlog, "-f", "-d", place], stdout=subprocess.PIPE)
            child.stdout.readline()
            for count in range(1, most + 1):
                time.sleep(random.uniform(0.05, 0.25))
                written = time.perf_counter()
                log.write(line(count))
                while f"/line/{count} ".encode() not in child.stdout.readline():
                    pass
                delays.append((time.perf_counter() - written) * 1000)
            child.kill()
            child.wait()
    print(f"{most} lines: median {statistics.median(delays):.1f} ms, maximum {max(delays):.1f} ms")


main()
