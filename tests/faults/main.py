"""Runs the faults and prints a line for each row."""

import os
import shutil
import signal
import subprocess
import sys
import time
import traceback

import rows
from check import Fault
from load import Wrong, Gone
from scene import Scene, Skip

FAULTS = {
    1: "the disk fills up", 2: "the disk is full, then there is room", 3: "every write fails",
    4: "no inodes", 5: "read-only in mid-run", 6: "deleted", 7: "renamed or cut", 8: "permission lost",
    9: "immutable", 10: "single system calls fail", 11: "a disk that hangs", 12: "no file descriptors",
    13: "the limit of a file's size", 14: "stdout is full, closed or not read", 15: "the clock jumps",
    16: "SIGKILL, abort, SIGTERM", 17: "two processes, one directory", 18: "planted files",
    22: "unusable at the start",
}
# A part may take this long.
DEADLINE = 90
NOT_QUICK = "not quick"


def works(*command):
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        return False


def missing(need, root):
    """Why this machine cannot do something; none where it can."""
    is_root = os.geteuid() == 0
    if need in ("root", "nobody"):
        return None if is_root or need == "nobody" else "not root"
    if need == "mount":
        place = os.path.join(root, "mount")
        os.makedirs(place, exist_ok=True)
        if not works("mount", "-t", "tmpfs", "tmpfs", place):
            return "cannot mount"
        works("umount", place)
    elif need == "loop":
        if not shutil.which("mkfs.ext4") or not works("losetup", "-f"):
            return "no loop device or no mkfs.ext4"
    elif need == "chattr":
        path = os.path.join(root, "chattr")
        open(path, "w").close()
        if not works("chattr", "+i", path):
            return "chattr +i does not work here"
        works("chattr", "-i", path)
    elif need == "strace":
        if not works("strace", "-qq", "-e", "inject=fsync:error=EIO", "-o", "/dev/null", "true"):
            return "no strace"
    elif need == "faketime":
        return None if rows.faketime() else "no libfaketime"
    elif not shutil.which(need):
        return f"no {need}"
    return None


def run_part(root, binary, number, part, is_quick):
    scene = Scene(root, binary, f"row{number}", is_quick)
    signal.alarm(DEADLINE)
    try:
        return "passed", part(scene)
    except Skip as why:
        return "skipped", str(why)
    except (Fault, Wrong, Gone) as why:
        return "failed", str(why)
    except Exception:
        return "failed", traceback.format_exc().strip()
    finally:
        signal.alarm(0)
        if os.environ.get("FAULTS_KEEP"):
            shutil.copytree(scene.dir, f"{os.environ['FAULTS_KEEP']}/row{number}", dirs_exist_ok=True)
        scene.close()


def late(*_):
    raise Fault(f"it is not done after {DEADLINE} s")


def show():
    for row, fault in FAULTS.items():
        print(f"row {row:2}  {fault}")
        for number, title, needs, quick, _ in rows.PARTS:
            if number == row:
                print(f"        {title}" + f" ({', '.join([*needs, *(['quick'] if quick else [])])})" * bool(needs or quick))


def main(root, binary, *arguments):
    if "--list" in arguments:
        return show()
    is_quick = "--quick" in arguments
    wanted = [int(argument) for argument in arguments if argument.isdigit()] or list(FAULTS)
    signal.signal(signal.SIGALRM, late)
    for end in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(end, lambda *_: sys.exit(1))
    lacking, counts = {}, {"passed": 0, "failed": 0, "skipped": 0}
    for row in wanted:
        start, results = time.monotonic(), []
        for number, title, needs, quick, part in rows.PARTS:
            if number != row:
                continue
            for need in needs:
                if need not in lacking:
                    lacking[need] = missing(need, root)
            why = next((lacking[need] for need in needs if lacking[need]), None)
            if is_quick and not quick:
                results.append(("skipped", title, NOT_QUICK))
            elif why:
                results.append(("skipped", title, why))
            else:
                outcome, said = run_part(root, binary, row, part, is_quick)
                results.append((outcome, title, said))
        outcomes = [outcome for outcome, *_ in results]
        worst = next((o for o in ("failed", "passed") if o in outcomes), "skipped")
        counts[worst] += 1
        told = []
        for outcome, title, said in results:
            if said != NOT_QUICK:
                told.append(f"{title}: {said}" if outcome == "passed" else f"{title}: {outcome.upper()}, {said}")
        left = sum(said == NOT_QUICK for *_, said in results)
        if left:
            told.append(f"{left} of {len(results)} parts SKIPPED, {NOT_QUICK}")
        took = time.monotonic() - start
        print(f"row {row:2}  {worst:7}  {FAULTS[row]} ({took:.0f} s): " + "; ".join(told), flush=True)
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    sys.exit(1 if counts["failed"] else 0)


main(*sys.argv[1:])
