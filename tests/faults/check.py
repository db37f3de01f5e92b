"""Reads log files as an auditor would: nothing is known but what stands in them and what clients were answered."""

import glob
import json
import os
import re
import stat
from collections import Counter

KEYS = ["timestamp", "level", "type", "run", "seq"]


class Fault(Exception):
    """The files are not what was promised."""


def is_regular(path):
    """Nothing else is read: it might never end."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def files_of(directory, name):
    """The rotated files and the file itself, the oldest first."""
    found = glob.glob(os.path.join(glob.escape(directory), name + "*"))
    numbers = {path: re.fullmatch(re.escape(name) + r"(?:\.(\d+))?", os.path.basename(path)) for path in found}
    found = [path for path in found if numbers[path] and is_regular(path)]
    return sorted(found, key=lambda p: -int(numbers[p].group(1) or 0))


class Run:
    """What the files of one name have of one start of a process."""

    def __init__(self):
        self.seqs, self.entries = [], []

    def recorder(self, event_type):
        return [e["fields"] for e in self.entries if e["type"] == "recorder" and e["event_type"] == event_type]

    @property
    def last(self):
        return self.seqs[-1] if self.seqs else 0

    @property
    def lost(self):
        return sum(gap["lost"] for gap in self.recorder("gap"))

    @property
    def causes(self):
        causes = Counter()
        for gap in self.recorder("gap"):
            causes[gap["cause"]] += gap["lost"]
        return causes

    @property
    def expired(self):
        """The last number that rotation deleted."""
        return max((fields.get("to_seq", 0) for fields in self.recorder("expired")), default=0)

    @property
    def is_ended(self):
        # What that entry made expire is told after it.
        entries = [entry for entry in self.entries if entry.get("event_type") != "expired"]
        last = entries[-1] if entries else {}
        return last.get("type") == "recorder" and last.get("event_type") == "stopped"


class Book:
    """The files of one name: `api.log.2`, `api.log.1`, `api.log`; `paths` says otherwise."""

    def __init__(self, directory, name, older=(), torn_allowed=False):
        self.name, self.runs, self.torn, self.lines = name, {}, 0, 0
        for path in [*older, *files_of(directory, name)]:
            if is_regular(path):
                self.read(path, torn_allowed)

    def read(self, path, torn_allowed):
        with open(path, "rb") as file:
            pieces = file.read().split(b"\n")
        # Without a line feed it is the piece of a line, or one that lacks that only.
        if not pieces[-1]:
            pieces.pop()
        for piece in pieces:
            where = f"{os.path.basename(path)}: {piece[:100]!r}"
            try:
                entry = json.loads(piece)
            except ValueError:
                if not torn_allowed:
                    raise Fault(f"a piece of a line in {where}")
                if not piece.startswith(b'{"timestamp":"'[:len(piece)]) or piece.count(b'{"timestamp":"') > 1:
                    raise Fault(f"a piece of a line is glued to another in {where}")
                self.torn += 1
                continue
            if list(entry)[:5] != KEYS or len(entry["timestamp"]) != 27:
                raise Fault(f"not an entry in {where}")
            run = self.runs.setdefault(entry["run"], Run())
            if entry["seq"] <= run.last:
                raise Fault(f"seq {entry['seq']} after {run.last} in {where}")
            run.seqs.append(entry["seq"])
            run.entries.append(entry)
            self.lines += 1

    def account(self, run, told=True, exact=True):
        """Each number of a run is there, told to be lost, or went with an old file. Gives how many were lost."""
        run, name = self.runs[run], f"{self.name}, run {run}"
        there, expired = set(run.seqs), run.expired
        first = run.seqs[0]
        if not told and self.runs[max(self.runs, key=self.end)] is not run:
            # Another process deleted the oldest, after this one had ended.
            expired = max(expired, first - 1)
        missing = [seq for seq in range(1, run.last) if seq not in there and seq > expired]
        gaps = [gap for gap in run.recorder("gap") if gap["to_seq"] > expired]
        for seq in missing:
            if not any(gap["from_seq"] <= seq <= gap["to_seq"] for gap in gaps):
                raise Fault(f"{name}: {seq} is missing and in no gap; expired up to {expired}, {gaps}")
        lost = sum(gap["lost"] for gap in gaps)
        # Of a gap that begins before it, and of a file that was cut, some may be there.
        is_loose = not exact or any(gap["from_seq"] <= expired for gap in gaps)
        if len(missing) > lost or (len(missing) < lost and not is_loose):
            raise Fault(f"{name}: {len(missing)} are missing, {lost} told to be lost: {gaps}")
        if exact and not expired and run.last != len(run.seqs) + run.lost:
            raise Fault(f"{name}: the last is {run.last}, {len(run.seqs)} are there, {run.lost} lost")
        return lost

    def end(self, run):
        return self.runs[run].entries[-1]["timestamp"]

    def ids(self, kind):
        """The ids of entries of a kind, each once, with the status."""
        found = {}
        for run in self.runs.values():
            for entry in run.entries:
                if entry["type"] == kind:
                    if entry["request_id"] in found:
                        raise Fault(f"{self.name}: two {kind} entries of {entry['request_id']}")
                    found[entry["request_id"]] = entry.get("status_code")
        return found

    def messages(self, level, text):
        return [entry for run in self.runs.values() for entry in run.entries
                if entry["level"] == level and text in entry.get("message", "")]


def unseen(answers, book, kind):
    """The answers that have no entry of a kind; those that have one have it with their status."""
    found = book.ids(kind)
    for name, status, *_ in answers:
        if found.get(name, status) != status:
            raise Fault(f"{book.name}: {name} was answered {status}, its entry says {found[name]}")
    return [answer for answer in answers if answer[0] not in found]
