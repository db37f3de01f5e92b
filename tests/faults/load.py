"""Clients that keep their connections, and hold each answer against what it has to be."""

import json
import socket
import threading
import time

PROMPT = {"prompt": "one two three four", "max_tokens": 20}
GENERATED = {"text": "four three two one", "usage": {"input_tokens": 4, "output_tokens": 4}}
# Method, path, body, status, what the answer's body is.
HEALTH = ("GET", "/health", b"", 200, b"ok")
GENERATE = ("POST", "/api/v1/generate", json.dumps(PROMPT).encode(), 200,
            json.dumps(GENERATED, separators=(",", ":")).encode())
FAIL = ("GET", "/fail", b"", 500, b'{"error":"please try again later"}')
MIX = [HEALTH, GENERATE, HEALTH, GENERATE, HEALTH, GENERATE, HEALTH, GENERATE, HEALTH, FAIL]

# No answer may take longer: that is a request that hangs.
PATIENCE = 10.0


class Wrong(Exception):
    """An answer that is not what it has to be."""


class Gone(Exception):
    """The connection ended before the answer was whole."""


class Connection:
    def __init__(self, port):
        self.port = port
        self.socket = None
        self.rest = b""

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket, self.rest = None, b""

    def ask(self, request):
        """Sends a request; gives the answer's id."""
        method, path, body, status, wanted = request
        try:
            if not self.socket:
                self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
                self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            head = f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {len(body)}\r\n"
            if body:
                head += "content-type: application/json\r\n"
            self.socket.sendall(head.encode() + b"\r\n" + body)
            head = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
            fields = dict(line.lower().split(": ", 1) for line in head[1:])
            answer = self.take(int(fields["content-length"]))
        except socket.timeout:
            raise Wrong(f"{method} {path}: no answer in {PATIENCE:.0f} s")
        except OSError as error:
            raise Gone(f"{method} {path}: {error}")
        if head[0].split(" ")[1] != str(status) or answer != wanted:
            raise Wrong(f"{method} {path}: {head[0]!r} with {answer[:80]!r}")
        if fields.get("connection") == "close":
            self.close()
        return fields["x-request-id"]

    def more(self):
        some = self.socket.recv(65536)
        if not some:
            raise ConnectionResetError("closed")
        self.rest += some

    def until(self, end):
        while end not in self.rest:
            self.more()
        found, self.rest = self.rest.split(end, 1)
        return found

    def take(self, size):
        while len(self.rest) < size:
            self.more()
        found, self.rest = self.rest[:size], self.rest[size:]
        return found


class Load:
    """Some clients at work. `rate` is requests a second over all of them; 0 is as many as go."""

    def __init__(self, port, clients=4, rate=1000):
        self.port, self.pause_each = port, clients / rate if rate else 0
        self.answers = []  # id, status, when it was there, how long it took
        self.wrong = []
        self.may_end = False
        self.ended = threading.Event()
        self.going = threading.Event()
        self.going.set()
        self.resting = [threading.Event() for _ in range(clients)]
        # How late this machine wakes a thread that sleeps: (when, how late).
        self.late = []
        self.threads = [threading.Thread(target=self.run, args=(n,), daemon=True) for n in range(clients)]
        self.threads.append(threading.Thread(target=self.watch, daemon=True))
        for thread in self.threads:
            thread.start()

    def run(self, number):
        connection, count = Connection(self.port), number
        due = time.monotonic()
        while not self.ended.is_set():
            if not self.going.is_set():
                self.resting[number].set()
                self.going.wait(0.1)
                due = time.monotonic()
                continue
            self.resting[number].clear()
            request, count = MIX[count % len(MIX)], count + 1
            start = time.monotonic()
            try:
                name = connection.ask(request)
            except (Gone, Wrong) as error:
                connection.close()
                if self.may_end and isinstance(error, Gone):
                    break
                self.wrong.append(str(error))
                if len(self.wrong) > 20:
                    break
                continue
            now = time.monotonic()
            self.answers.append((name, request[3], now, now - start))
            # Not more than there should be after a halt.
            due = max(due + self.pause_each, now - 0.05)
            if due > now:
                time.sleep(due - now)
        self.resting[number].set()
        connection.close()

    def watch(self):
        while not self.ended.is_set():
            start = time.monotonic()
            time.sleep(0.002)
            now = time.monotonic()
            if now - start > 0.005:
                self.late.append((now, now - start - 0.002))

    def lateness(self, since):
        """How late a sleeper was at most since a moment."""
        return max((late for at, late in self.late if at > since), default=0)

    def halt(self):
        """Nobody asks anything until `go()`."""
        self.going.clear()
        for event in self.resting:
            event.wait(PATIENCE + 1)

    def go(self):
        self.going.set()

    def end_may_come(self):
        """From now on a connection may close without an answer."""
        self.may_end = True

    def stop(self):
        self.ended.set()
        self.going.set()
        for thread in self.threads:
            thread.join(PATIENCE + 1)
