"""A place of its own for each part of a row: the service, what is done to its files, and the books at the end."""

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import check
from check import Book, Fault
from load import FAIL, HEALTH, Connection, Gone, Load

NOBODY = 65534
MIB = 1 << 20
RSS_LIMIT = 200 * MIB
# The log may take this long at the end: five seconds of its own, and what a busy machine adds.
END = 15


class Skip(Exception):
    """This machine cannot do it."""


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode:
        raise Skip(f"{command[0]}: {(done.stderr or done.stdout).strip().splitlines()[-1:] or done.returncode}")
    return done.stdout


def wait_for(what, holds, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = holds()
        if found:
            return found
        time.sleep(0.02)
    raise Fault(f"{what}: not in {seconds} s")


def read(path):
    """What is in a file, nothing where it was just rotated away."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


class Service:
    """The quickstart."""

    def __init__(self, scene, number, env, user, stdout, stderr, before, ignore_xfsz):
        self.scene = scene
        # Where it says its port.
        self.speaks = "err" if stderr is None and before is None else "log"
        self.out, self.err = (os.path.join(scene.dir, f"{name}{number}") for name in ("out", "err"))
        wanted = {k: v for k, v in os.environ.items()
                  if not k.startswith("LOG_") and k not in ("PORT", "RUST_LOG", "RUST_BACKTRACE")}
        wanted.update({"PORT": "0", "LOG_DIR": scene.logs}, **env)
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            # Python ignores SIGXFSZ, and would give its child the default again.
            self.process = subprocess.Popen(
                [scene.binary], env=wanted, user=user, group=user, extra_groups=[] if user else None,
                stdin=subprocess.DEVNULL, stdout=out if stdout is None else stdout,
                stderr=err if stderr is None else stderr, preexec_fn=before, restore_signals=not ignore_xfsz,
                cwd=scene.dir)
        self.pid = self.process.pid
        with open(os.path.join(scene.root, "pids"), "a") as pids:
            pids.write(f"{self.pid}\n")
        self.port = wait_for("the service starts", self.find_port, 20)
        self.peak = 0

    def find_port(self):
        if self.process.poll() is not None:
            raise Fault(f"it ended with {self.process.returncode}: {open(self.err).read()[-300:]}")
        text = read(self.err if self.speaks == "err" else os.path.join(self.scene.logs, "api.log"))
        found = re.search(rb"listening on http://127\.0\.0\.1:(\d+)[\"\n]", text)
        return found and int(found[1])

    def is_up(self):
        return self.process.poll() is None

    def has_ended(self):
        if not self.is_up():
            return True
        with open(f"/proc/{self.pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "Z"

    def measure(self):
        try:
            with open(f"/proc/{self.pid}/status") as status:
                peak = next(line for line in status if line.startswith("VmHWM"))
            self.peak = int(peak.split()[1]) * 1024
        except (OSError, StopIteration):
            pass

    def end(self, how=signal.SIGTERM, seconds=END):
        """Ends it; gives how long that took."""
        if not self.is_up():
            raise Fault(f"it ended by itself with {self.process.returncode}")
        self.measure()
        start = time.monotonic()
        os.kill(self.pid, how)
        wait_for(f"it ends after {how.name}", self.has_ended, seconds)
        code = self.process.returncode
        wanted = 0 if how == signal.SIGTERM else -how
        # None where a thread is left that cannot end while its system call hangs.
        if code not in (None, wanted):
            raise Fault(f"it ended with {code} after {how.name}")
        if self.peak > RSS_LIMIT:
            raise Fault(f"it took {self.peak // MIB} MiB of memory")
        return time.monotonic() - start

    def console(self):
        """What it said on stdout; each line is whole."""
        with open(self.out, "rb") as file:
            lines = file.read().split(b"\n")
        if lines.pop():
            raise Fault("stdout ends in a piece of a line")
        try:
            return [json.loads(line) for line in lines]
        except ValueError:
            raise Fault("a line on stdout is no JSON")


class Scene:
    def __init__(self, root, binary, name, is_quick):
        self.root, self.binary, self.is_quick = root, binary, is_quick
        self.dir = os.path.join(root, name)
        self.logs = os.path.join(self.dir, "logs")
        os.mkdir(self.dir)
        os.chmod(self.dir, 0o777)
        self.services, self.loads, self.undo = [], [], []

    # What is there.

    def path(self, name):
        return os.path.join(self.logs, name)

    def tmpfs(self, options):
        os.makedirs(self.logs, exist_ok=True)
        run("mount", "-t", "tmpfs", "-o", options, "tmpfs", self.logs)
        self.undo.append(lambda: run("umount", "-l", self.logs))

    def ext4(self, size, options="loop"):
        image = os.path.join(self.dir, "image")
        with open(image, "wb") as file:
            file.truncate(size * MIB)
        run("mkfs.ext4", "-q", image)
        os.makedirs(self.logs, exist_ok=True)
        run("mount", "-o", options, image, self.logs)
        self.undo.append(lambda: run("umount", "-l", self.logs))
        return image

    def start(self, user=None, stdout=None, stderr=None, before=None, ignore_xfsz=False, **env):
        service = Service(self, len(self.services), env, user, stdout, stderr, before, ignore_xfsz)
        self.services.append(service)
        return service

    def load(self, service, clients=4, rate=1000):
        load = Load(service.port, clients, rate)
        self.loads.append(load)
        return load

    def go_on(self, seconds):
        """Lets the load work."""
        time.sleep(seconds * (0.4 if self.is_quick else 1))
        for load in self.loads:
            if load.wrong:
                raise Fault(f"a client saw: {load.wrong[0]}")
        for service in self.services:
            service.measure()

    @contextmanager
    def strace(self, service, trace, inject, path=None):
        """Makes system calls fail, until the end of the block."""
        where = ["-P", path] if path else []
        command = ["strace", "-f", "-qq", "-o", "/dev/null", *where, "-e", f"trace={trace}"]
        command += ["-e", f"inject={inject}", "-p", str(service.pid)]
        tracer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

        def is_attached():
            if tracer.poll() is not None:
                raise Skip(f"strace: {tracer.stderr.read().strip()}")
            with open(f"/proc/{service.pid}/status") as status:
                return f"TracerPid:\t{tracer.pid}" in status.read()

        try:
            wait_for("strace is attached", is_attached, 10)
            yield tracer
        finally:
            tracer.send_signal(signal.SIGINT)
            try:
                tracer.wait(10)
            except subprocess.TimeoutExpired:
                tracer.kill()
                tracer.wait()

    # What has to be.

    def recovered(self, service, load, seconds=12, names=("api.log", "errors.log")):
        """Entries come to the files again, without a restart."""
        connection, start = Connection(service.port), time.monotonic()
        for name in names:
            request = {"api.log": HEALTH, "errors.log": FAIL}[name]
            sent = []

            def is_there():
                # One that was sent just after the fault may have been lost with it.
                before = time.monotonic()
                try:
                    sent.append(connection.ask(request))
                    load.answers.append((sent[-1], request[3], time.monotonic(), time.monotonic() - before))
                except Gone:
                    # It stood in line while there were no descriptors.
                    connection.close()
                time.sleep(0.1)
                texts = [read(path) for path in check.files_of(self.logs, name)]
                return any(one.encode() in text for one in sent for text in texts)

            wait_for(f"{name} is written again", is_there, seconds)
        connection.close()
        return time.monotonic() - start

    def finish(self, service, load, how=signal.SIGTERM, seconds=END):
        """Ends the service under load."""
        load.end_may_come()
        took = service.end(how, seconds)
        load.stop()
        if load.wrong:
            raise Fault(f"a client saw: {load.wrong[0]}")
        if len(load.answers) < 20:
            raise Fault(f"only {len(load.answers)} answers")
        return took

    def books(self, **options):
        """The files, and of each run what stands in both."""
        return [Book(self.logs, name, **options) for name in ("api.log", "errors.log")]

    def audit(self, older=(), torn=False, told=True, exact=True, nothing_lost=False, cause=None):
        """Holds the files against each other and against what clients were answered."""
        answers = [answer for load in self.loads for answer in load.answers]
        slowest = max(took for *_, took in answers)
        lines, pieces, causes, gone = 0, 0, {}, 0
        for name, kind in (("api.log", "response"), ("errors.log", "error")):
            paths = [path for path in older if os.path.basename(path).startswith(name)]
            book = Book(self.logs, name, paths, torn)
            if not book.runs:
                raise Fault(f"{name}: no entry")
            lost = 0
            for number, run in book.runs.items():
                lost += book.account(number, told, exact)
                gone += len(set(range(1, run.expired + 1)).difference(run.seqs))
                for cause_seen, count in run.causes.items():
                    causes[cause_seen] = causes.get(cause_seen, 0) + count
                if not run.is_ended:
                    raise Fault(f"{name}: the last entry is not that it stopped: {run.entries[-1]}")
            wanted = [answer for answer in answers if kind == "response" or answer[1] >= 500]
            unseen = check.unseen(wanted, book, kind)
            if told and len(unseen) > lost + gone:
                raise Fault(f"{name}: {len(unseen)} answers have no {kind} entry, {lost} entries are told to be lost")
            lines, pieces = lines + book.lines, pieces + book.torn
        if nothing_lost and causes:
            raise Fault(f"nothing should be lost: {causes}")
        if cause and cause not in causes:
            raise Fault(f"no gap says {cause}: {causes}")
        dumps = self.dumps()
        said = [f"{len(answers):,} answers, slowest {slowest * 1000:.0f} ms", f"{lines:,} lines"]
        said += [f"{count:,} lost ({cause})" for cause, count in sorted(causes.items())]
        said += [f"{gone:,} expired"] if gone else []
        said += [f"{pieces} torn"] if pieces else []
        said += [f"{dumps} dumps"] if dumps else []
        said += [f"{max(service.peak for service in self.services) // MIB} MiB"]
        return ", ".join(said)

    def log_files(self):
        """The names in LOG_DIR, without the journal of who is in flight."""
        return [name for name in os.listdir(self.logs) if not name.startswith(".in-flight.")]

    def dumps(self):
        """Each dump is whole."""
        place = self.path("dumps")
        names = [name for name in os.listdir(place) if name.endswith(".json")] if os.path.isdir(place) else []
        for name in names:
            with open(os.path.join(place, name)) as file:
                json.load(file)
        return len(names)

    def one_warning(self, service, about):
        """One WARN, on stdout where the files cannot tell it; and entries came there meanwhile."""
        console = service.console()
        found = [entry["message"] for entry in console if entry["level"] == "WARN" and about in entry["message"]]
        if len(found) != 1:
            raise Fault(f"{len(found)} warnings of {about!r} on stdout, not one")
        if not any(entry["type"] == "response" for entry in console):
            raise Fault("no response entry came to stdout")
        return found[0]

    def close(self):
        for load in self.loads:
            load.stop()
        for service in self.services:
            if service.is_up():
                service.process.kill()
        for undo in reversed(self.undo):
            try:
                undo()
            except (Skip, OSError) as error:
                print(f"not undone: {error}", file=sys.stderr)
        for service in self.services:
            service.process.wait(30)
        run("chmod", "-R", "u+rwx", self.dir)
        shutil.rmtree(self.dir, ignore_errors=True)


def limit(service, which, soft):
    """Sets a soft limit of the service; gives the old one."""
    old, hard = resource.prlimit(service.pid, which)
    resource.prlimit(service.pid, which, (soft, hard))
    return old
