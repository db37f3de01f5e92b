"""The faults. Each part of a row starts the service, does something to its files under load, and closes the books."""

import os
import random
import resource
import shutil
import signal
import subprocess
import time

from check import Book, Fault, files_of, unseen
from scene import NOBODY, Skip, limit, run, wait_for

PARTS = []


def part(row, title, needs="", quick=False):
    def add(function):
        PARTS.append((row, title, needs.split(), quick, function))
        return function
    return add


def small(max_bytes=65536, backups=1000):
    return {"LOG_MAX_BYTES": str(max_bytes), "LOG_BACKUP_COUNT": str(backups)}


# Disks.


@part(1, "the disk fills up and stays full", "root mount")
def _(scene):
    scene.tmpfs("size=64k,mode=0700")
    service = scene.start()
    load = scene.load(service)
    scene.go_on(3)
    took = scene.finish(service, load)
    scene.one_warning(service, "entries wait in memory")
    for book in scene.books(torn_allowed=True):
        for name, entries in book.runs.items():
            book.account(name)
    return f"{len(load.answers):,} answers, ended in {took:.1f} s"


@part(2, "the disk is full, then there is room", "root mount")
def _(scene):
    scene.tmpfs("size=256k,mode=0700")
    with open(scene.path("fill"), "wb") as file:
        file.write(bytes(160 << 10))
    service = scene.start()
    load = scene.load(service)
    scene.go_on(3)
    run("mount", "-o", "remount,size=64m", scene.logs)
    os.remove(scene.path("fill"))
    scene.recovered(service, load)
    scene.go_on(1)
    scene.finish(service, load)
    scene.one_warning(service, "entries wait in memory")
    return scene.audit(torn=True)


@part(2, "the same again and again, with rotation", "root mount")
def _(scene):
    scene.tmpfs("size=1m,mode=0700")
    service = scene.start(LOG_DUMPS="false", **small(100_000, 4))
    load = scene.load(service)
    for size in (900, 500, 900, 700):
        with open(scene.path("fill"), "wb") as file:
            try:
                file.write(bytes(size << 10))
                file.flush()
            except OSError:
                pass
        scene.go_on(1)
        os.remove(scene.path("fill"))
        scene.go_on(0.5)
    scene.recovered(service, load)
    scene.finish(service, load)
    return scene.audit(torn=True)


@part(3, "/dev/full in the file's place", quick=True)
def _(scene):
    os.mkdir(scene.logs)
    os.symlink("/dev/full", scene.path("api.log"))
    return refused(scene, "api.log")


@part(3, "LOG_DIR is /dev/full", quick=True)
def _(scene):
    service = scene.start(LOG_DIR="/dev/full")
    load = scene.load(service, rate=300)
    scene.go_on(1)
    scene.finish(service, load)
    scene.one_warning(service, "LOG_DIR")
    return f"{len(load.answers):,} answers"


@part(3, "every write fails", "strace")
def _(scene):
    service = scene.start()
    load = scene.load(service)
    scene.go_on(1)
    with scene.strace(service, "write", "write:error=ENOSPC", scene.path("api.log")):
        scene.go_on(3)
    scene.recovered(service, load)
    scene.finish(service, load)
    scene.one_warning(service, "entries wait in memory")
    return scene.audit()


@part(4, "no inode for the next file", "root mount")
def _(scene):
    scene.tmpfs("size=64m,nr_inodes=3,mode=0700")
    service = scene.start(LOG_DUMP_DIR=os.path.join(scene.dir, "dumps"), **small())
    load = scene.load(service)
    scene.go_on(3)
    if len(scene.log_files()) != 2:
        raise Fault("it rotated")
    run("mount", "-o", "remount,nr_inodes=1000", scene.logs)
    scene.recovered(service, load)
    scene.go_on(2.5)
    scene.finish(service, load)
    if len(scene.log_files()) < 4:
        raise Fault("it did not rotate afterwards")
    return scene.audit(nothing_lost=True)


@part(4, "no inode for the second file", "root mount")
def _(scene):
    scene.tmpfs("size=64m,nr_inodes=2,mode=0700")
    service = scene.start(LOG_DUMP_DIR=os.path.join(scene.dir, "dumps"))
    load = scene.load(service, rate=300)
    scene.go_on(1)
    run("mount", "-o", "remount,nr_inodes=1000", scene.logs)
    scene.recovered(service, load)
    scene.finish(service, load)
    scene.one_warning(service, "LOG_DIR")
    return scene.audit()


@part(5, "read-only in mid-run, then mounted anew", "root loop")
def _(scene):
    image = scene.ext4(16, "loop,errors=remount-ro")
    service = scene.start()
    load = scene.load(service)
    scene.go_on(1)
    load.halt()
    time.sleep(0.3)
    run("sync", "-f", scene.path("api.log"))
    run("mount", "-o", "remount,abort", scene.logs)
    load.go()
    scene.go_on(2)
    # What is below: a directory that can be written.
    run("umount", "-l", scene.logs)
    scene.undo.clear()
    scene.recovered(service, load)
    scene.finish(service, load)
    scene.one_warning(service, "entries wait in memory")
    old = os.path.join(scene.dir, "old")
    os.mkdir(old)
    subprocess.run(["e2fsck", "-fy", image], capture_output=True)
    run("mount", "-o", "loop,ro", image, old)
    try:
        return scene.audit(older=[os.path.join(old, name) for name in ("api.log", "errors.log")], torn=True)
    finally:
        run("umount", old)


# Names.


@part(6, "the directory is deleted", quick=True)
def _(scene):
    service = scene.start(**small(200_000))
    load = scene.load(service)
    for _ in range(2):
        scene.go_on(1)
        # A dump may come in between.
        wait_for("it is deleted", lambda: shutil.rmtree(scene.logs, ignore_errors=True) or gone(scene.logs), 10)
        scene.recovered(service, load)
    scene.finish(service, load)
    return scene.audit(cause="deleted")


def gone(path):
    """True where it was not there, at least for a moment."""
    return subprocess.run(["rm", "-rf", path], stderr=subprocess.DEVNULL).returncode == 0


@part(6, "the files are deleted", quick=True)
def _(scene):
    service = scene.start()
    load = scene.load(service)
    for _ in range(3):
        scene.go_on(0.7)
        for name in ("api.log", "errors.log"):
            os.remove(scene.path(name))
        scene.recovered(service, load)
    scene.finish(service, load)
    return scene.audit(cause="deleted")


@part(7, "the files are renamed", quick=True)
def _(scene):
    service = scene.start()
    load = scene.load(service)
    older = []
    for turn in range(3):
        scene.go_on(0.7)
        for name in ("api.log", "errors.log"):
            older.append(os.path.join(scene.logs, f"{name}-{turn}"))
            os.rename(scene.path(name), older[-1])
        scene.recovered(service, load)
    scene.finish(service, load)
    return scene.audit(older=older, nothing_lost=True)


@part(7, "the directory is renamed", quick=True)
def _(scene):
    service = scene.start()
    load = scene.load(service)
    scene.go_on(1)
    os.rename(scene.logs, scene.logs + "-old")
    scene.recovered(service, load)
    scene.finish(service, load)
    older = [os.path.join(scene.logs + "-old", name) for name in ("api.log", "errors.log")]
    return scene.audit(older=older, nothing_lost=True)


@part(7, "the files are cut", quick=True)
def _(scene):
    service = scene.start()
    load = scene.load(service)
    for _ in range(2):
        scene.go_on(0.7)
        for name in ("api.log", "errors.log"):
            os.truncate(scene.path(name), 0)
        # It is looked every 250 ms; a second cut hides the first.
        time.sleep(0.4)
        scene.recovered(service, load)
    scene.finish(service, load)
    # Lines that came between the cut and its discovery are told to be lost, too.
    return scene.audit(cause="truncated", exact=False)


# Permissions.


@part(8, "the directory may not be written, then not be entered", "nobody", quick=True)
def _(scene):
    os.mkdir(scene.logs)
    user = NOBODY if os.geteuid() == 0 else None
    if user:
        os.chown(scene.logs, user, user)
    service = scene.start(user=user, LOG_DUMPS="false", **small())
    load = scene.load(service)
    scene.go_on(1)
    os.chmod(scene.logs, 0o500)
    time.sleep(0.05)
    before = len(scene.log_files())
    scene.go_on(1.5)
    if len(scene.log_files()) > before:
        raise Fault("it rotated")
    os.chmod(scene.logs, 0)
    scene.go_on(2)
    os.chmod(scene.logs, 0o700)
    scene.recovered(service, load)
    scene.go_on(1)
    scene.finish(service, load)
    scene.one_warning(service, "entries wait in memory")
    return scene.audit()


@part(9, "the file is immutable", "root chattr")
def _(scene):
    service = scene.start()
    load = scene.load(service)
    scene.go_on(1)
    run("chattr", "+i", scene.path("api.log"))
    try:
        scene.go_on(2)
    finally:
        run("chattr", "-i", scene.path("api.log"))
    scene.recovered(service, load)
    scene.finish(service, load)
    scene.one_warning(service, "entries wait in memory")
    return scene.audit(torn=True)


@part(9, "a rotated file is immutable", "root chattr")
def _(scene):
    service = scene.start(LOG_DUMPS="false", **small(65536, 3))
    load = scene.load(service)
    backup = scene.path("api.log.1")
    wait_for("it rotates", lambda: os.path.exists(backup), 10)
    run("chattr", "+i", backup)
    held = os.stat(backup).st_ino
    try:
        scene.go_on(2)
        if os.stat(backup).st_ino != held:
            raise Fault("it was moved")
    finally:
        for path in files_of(scene.logs, "api.log"):
            if os.stat(path).st_ino == held:
                run("chattr", "-i", path)
    scene.go_on(2)
    if os.stat(backup).st_ino == held:
        raise Fault("it did not rotate afterwards")
    scene.finish(service, load)
    return scene.audit(nothing_lost=True)


# Single calls.


@part(10, "EIO at the 5th write and each 3rd after it", "strace")
def _(scene):
    service = scene.start()
    load = scene.load(service)
    scene.go_on(0.5)
    with scene.strace(service, "write", "write:error=EIO:when=5+3", scene.path("api.log")):
        scene.go_on(3)
    scene.recovered(service, load)
    scene.finish(service, load)
    scene.one_warning(service, "entries wait in memory")
    return scene.audit()


@part(10, "EINTR at the 2nd write and each 2nd after it", "strace")
def _(scene):
    service = scene.start()
    load = scene.load(service)
    with scene.strace(service, "write", "write:error=EINTR:when=2+2", scene.path("api.log")):
        scene.go_on(2)
    scene.recovered(service, load)
    scene.finish(service, load)
    return scene.audit(nothing_lost=True)


@part(10, "each write takes 200 ms", "strace")
def _(scene):
    service = scene.start()
    load = scene.load(service)
    with scene.strace(service, "write", "write:delay_enter=200000", scene.path("api.log")):
        scene.go_on(3)
    scene.recovered(service, load)
    scene.finish(service, load)
    return scene.audit()


@part(10, "killed at the 7th write", "strace")
def _(scene):
    service = scene.start()
    load = scene.load(service)
    scene.go_on(0.5)
    load.end_may_come()
    with scene.strace(service, "write", "write:signal=KILL:when=7", scene.path("api.log")):
        wait_for("it is killed", lambda: not service.is_up(), 10)
    load.stop()
    second = scene.start()
    again = scene.load(second)
    scene.go_on(0.5)
    scene.finish(second, again)
    book = Book(scene.logs, "api.log", torn_allowed=True)
    for number in book.runs:
        book.account(number)
    if unseen(again.answers, book, "response"):
        raise Fault("the second run lost answers")
    lost = len(unseen(load.answers, book, "response"))
    return f"{len(load.answers) + len(again.answers):,} answers, {lost} of the last before the end lost, {book.torn} torn"


@part(10, "each fsync fails", "strace")
def _(scene):
    service = scene.start()
    load = scene.load(service, rate=300)
    with scene.strace(service, "fsync,fdatasync", "fsync,fdatasync:error=EIO"):
        scene.go_on(2)
    scene.finish(service, load)
    return scene.audit(nothing_lost=True)


@part(10, "each 3rd rename fails", "strace")
def _(scene):
    service = scene.start(LOG_DUMPS="false", **small(65536, 8))
    load = scene.load(service)
    calls = "rename,renameat,renameat2"
    with scene.strace(service, calls, f"{calls}:error=EIO:when=3+3"):
        scene.go_on(4)
    scene.go_on(2)
    scene.finish(service, load)
    return scene.audit(nothing_lost=True)


@part(11, "a FIFO in the file's place", quick=True)
def _(scene):
    os.mkdir(scene.logs)
    os.mkfifo(scene.path("api.log"))
    end = os.open(scene.path("api.log"), os.O_RDWR)
    try:
        return refused(scene, "api.log")
    finally:
        os.close(end)


@part(11, "the file system hangs", "root loop fsfreeze")
def _(scene):
    scene.ext4(1024)
    service = scene.start()
    load = scene.load(service, rate=0)
    scene.go_on(1)
    run("fsfreeze", "-f", scene.logs)
    scene.undo.append(lambda: run("fsfreeze", "-u", scene.logs))
    scene.go_on(5)
    run("fsfreeze", "-u", scene.logs)
    scene.undo.pop()
    load.halt()
    scene.recovered(service, load)
    load.go()
    scene.go_on(0.5)
    scene.finish(service, load)
    return scene.audit(cause="overload", torn=True)


@part(11, "SIGTERM while a write hangs", "strace")
def _(scene):
    service = scene.start()
    load = scene.load(service)
    scene.go_on(1)
    with scene.strace(service, "write", "write:delay_enter=60000000", scene.path("api.log")):
        scene.go_on(1)
        took = scene.finish(service, load)
    for book in scene.books(torn_allowed=True):
        for number in book.runs:
            book.account(number)
    return f"{len(load.answers):,} answers, ended in {took:.1f} s"


# Limits.


@part(12, "no descriptor for the next file", quick=True)
def _(scene):
    service = scene.start(**small())
    load = scene.load(service)
    scene.go_on(0.5)
    old = no_descriptors(service, load)
    time.sleep(0.05)
    before = len(files_of(scene.logs, "api.log"))
    scene.go_on(2)
    if len(files_of(scene.logs, "api.log")) > before:
        raise Fault("it rotated")
    limit(service, resource.RLIMIT_NOFILE, old)
    scene.go_on(2.5)
    scene.recovered(service, load)
    scene.finish(service, load)
    if len(files_of(scene.logs, "api.log")) == before:
        raise Fault("it did not rotate afterwards")
    return scene.audit(nothing_lost=True)


@part(12, "no descriptor for a file that was renamed", quick=True)
def _(scene):
    service = scene.start()
    load = scene.load(service)
    scene.go_on(0.5)
    old = no_descriptors(service, load)
    older = [scene.path("api.log-old"), scene.path("errors.log-old")]
    for path in older:
        os.rename(path.removesuffix("-old"), path)
    scene.go_on(2)
    limit(service, resource.RLIMIT_NOFILE, old)
    scene.recovered(service, load)
    scene.finish(service, load)
    scene.one_warning(service, "entries wait in memory")
    return scene.audit(older=older)


def no_descriptors(service, load):
    load.halt()
    time.sleep(0.3)
    used = {int(name) for name in os.listdir(f"/proc/{service.pid}/fd")}
    old = limit(service, resource.RLIMIT_NOFILE, next(n for n in range(len(used) + 1) if n not in used))
    load.go()
    return old


@part(13, "the limit of a file's size, SIGXFSZ ignored", quick=True)
def _(scene):
    stdout, close = piped(scene)
    service = scene.start(ignore_xfsz=True, stdout=stdout)
    load = scene.load(service)
    scene.go_on(0.5)
    old = limit(service, resource.RLIMIT_FSIZE, os.stat(scene.path("api.log")).st_size + 5000)
    scene.go_on(2)
    limit(service, resource.RLIMIT_FSIZE, old)
    scene.recovered(service, load)
    scene.go_on(0.5)
    scene.finish(service, load)
    close()
    with open(service.out, "wb") as out, open(os.path.join(scene.dir, "piped"), "rb") as file:
        out.write(file.read())
    scene.one_warning(service, "entries wait in memory")
    return scene.audit(torn=True)


def piped(scene):
    """A pipe that someone else writes to a file: the service's limits do not hold for that."""
    with open(os.path.join(scene.dir, "piped"), "wb") as file:
        cat = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=file)
    scene.undo.append(cat.kill)

    def close():
        cat.stdin.close()
        cat.wait(10)

    return cat.stdin, close


@part(13, "the same, SIGXFSZ not ignored: the kernel ends it", quick=True)
def _(scene):
    service = scene.start()
    load = scene.load(service)
    scene.go_on(0.5)
    load.end_may_come()
    limit(service, resource.RLIMIT_FSIZE, os.stat(scene.path("api.log")).st_size + 5000)
    wait_for("it ends", lambda: not service.is_up(), 10)
    load.stop()
    if service.process.returncode != -signal.SIGXFSZ:
        raise Fault(f"it ended with {service.process.returncode}")
    for book in scene.books(torn_allowed=True):
        for number in book.runs:
            book.account(number)
    return "by SIGXFSZ, as it has to be"


@part(14, "stdout and stderr are full", quick=True)
def _(scene):
    with open("/dev/full", "wb") as full:
        return console_gone(scene, stdout=full, stderr=full)


@part(14, "stdout and stderr are closed", quick=True)
def _(scene):
    return console_gone(scene, before=lambda: [os.close(1), os.close(2)])


@part(14, "nobody reads stdout", quick=True)
def _(scene):
    reader, writer = os.pipe()
    scene.undo.append(lambda: os.close(reader))
    return console_gone(scene, stdout=writer)


@part(14, "who read stdout is gone", quick=True)
def _(scene):
    reader, writer = os.pipe()
    os.close(reader)
    return console_gone(scene, stdout=writer)


def console_gone(scene, **how):
    service = scene.start(LOG_CONSOLE="json", **how)
    load = scene.load(service)
    scene.go_on(1.5)
    took = scene.finish(service, load)
    return f"{scene.audit(nothing_lost=True)}, ended in {took:.1f} s"


# Time.


@part(15, "the clock jumps, back and forth", "faketime")
def _(scene):
    clock = os.path.join(scene.dir, "clock")

    def jump(to):
        with open(clock + ".new", "w") as file:
            file.write(to + "\n")
        os.rename(clock + ".new", clock)

    jump("+0")
    service = scene.start(
        LD_PRELOAD=faketime(), FAKETIME_TIMESTAMP_FILE=clock, FAKETIME_NO_CACHE="1",
        FAKETIME_DONT_FAKE_MONOTONIC="1", **small())
    load = scene.load(service)
    for to in ("+0", "-3h", "+2d", "-3h"):
        jump(to)
        scene.go_on(1)
    scene.finish(service, load)
    said = scene.audit(nothing_lost=True)
    (entries,) = (run.entries for run in Book(scene.logs, "api.log").runs.values())
    days = {entry["timestamp"][:10] for entry in entries}
    if len(days) < 2:
        raise Fault(f"the clock did not jump: {days}")
    slowest = max(entry.get("duration_ms", 0) for entry in entries)
    if slowest > 1000 * max(took for *_, took in load.answers) + 50:
        raise Fault(f"an entry says {slowest} ms")
    return f"{said}, {len(files_of(scene.logs, 'api.log'))} files"


def faketime():
    import glob
    found = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1") + glob.glob("/usr/lib*/faketime/libfaketimeMT.so.1")
    return found[0] if found else None


# Ends.


@part(16, "SIGKILL and abort under load", quick=True)
def _(scene):
    hows = [signal.SIGKILL] * 3 if scene.is_quick else [signal.SIGKILL] * 8 + [signal.SIGABRT] * 2
    loads, worst, lost = [], 0, 0
    for how in hows:
        service = scene.start()
        load = scene.load(service, clients=2, rate=800)
        time.sleep(random.uniform(0.4, 1.2))
        load.end_may_come()
        killed = time.monotonic()
        service.end(how)
        load.stop()
        loads.append((load, killed))
    book = Book(scene.logs, "api.log", torn_allowed=True)
    for number in book.runs:
        book.account(number)
    if len(book.runs) != len(hows):
        raise Fault(f"{len(book.runs)} runs of {len(hows)} are in the file")
    for load, killed in loads:
        if load.wrong:
            raise Fault(f"a client saw: {load.wrong[0]}")
        # What this machine takes to wake who sleeps is not the log's.
        allowed = 0.05 + load.lateness(killed - 0.3)
        missing = [killed - at for _, _, at, _ in unseen(load.answers, book, "response")]
        lost += len(missing)
        worst = max([worst, *missing])
        if missing and max(missing) > allowed:
            raise Fault(f"an answer is lost that came {max(missing) * 1000:.0f} ms before the end, "
                        f"more than {allowed * 1000:.0f}")
    count = sum(len(load.answers) for load, _ in loads)
    return (f"{len(hows)} times, {count:,} answers, {lost} lost, of the last {worst * 1000:.0f} ms, "
            f"{book.torn} torn, {max(s.peak for s in scene.services) >> 20} MiB")


@part(16, "SIGTERM under load", quick=True)
def _(scene):
    for _ in range(2 if scene.is_quick else 5):
        service = scene.start(LOG_MAX_BYTES="0")
        load = scene.load(service, rate=4000)
        time.sleep(random.uniform(0.4, 1.2))
        scene.finish(service, load)
    return scene.audit(nothing_lost=True)


@part(17, "two processes, one directory", quick=True)
def _(scene):
    return two(scene, 5000, told=True)


@part(17, "two processes, few old files", quick=True)
def _(scene):
    return two(scene, 5, told=False)


def two(scene, backups, told):
    services = [scene.start(LOG_DUMPS="false", **small(65536, min(backups, 1000))) for _ in range(2)]
    loads = [scene.load(service, clients=2, rate=800) for service in services]
    scene.go_on(4)
    for service, load in zip(services, loads):
        scene.finish(service, load)
    if len({number for book in scene.books() for number in book.runs}) != 2:
        raise Fault("there are not two runs")
    return f"{scene.audit(told=told, nothing_lost=told)}, {len(files_of(scene.logs, 'api.log'))} files"


# What others put there.


@part(18, "a symbolic link in the file's place", quick=True)
def _(scene):
    os.mkdir(scene.logs)
    victim = os.path.join(scene.dir, "victim")
    with open(victim, "w") as file:
        file.write("mine\n")
    os.symlink(victim, scene.path("api.log"))
    said = refused(scene, "api.log")
    untouched(victim)
    return said


@part(18, "symbolic links where rotation writes", quick=True)
def _(scene):
    os.mkdir(scene.logs)
    victim = os.path.join(scene.dir, "victim")
    with open(victim, "w") as file:
        file.write("mine\n")
    planted = [scene.path(name) for name in ("api.log.1", ".api.log.new", ".errors.log.new")]
    for path in planted:
        os.symlink(victim, path)
    service = scene.start(LOG_DUMPS="false", **small())
    load = scene.load(service)
    scene.go_on(1)
    untouched(victim)
    for path in planted:
        if os.path.islink(path):
            os.remove(path)
    scene.go_on(2.5)
    scene.finish(service, load)
    untouched(victim)
    if not os.path.exists(scene.path("api.log.1")):
        raise Fault("it did not rotate afterwards")
    return scene.audit(nothing_lost=True)


@part(18, "a file of another user", "root", quick=True)
def _(scene):
    os.mkdir(scene.logs)
    path = scene.path("api.log")
    with open(path, "w") as file:
        file.write("mine\n")
    os.chown(path, NOBODY, NOBODY)
    said = refused(scene, "api.log", lambda: (untouched(path), os.remove(path)))
    return said


@part(18, "a directory that is open to all", quick=True)
def _(scene):
    os.mkdir(scene.logs)
    os.chmod(scene.logs, 0o777)
    service = scene.start()
    load = scene.load(service, rate=300)
    scene.go_on(1)
    scene.finish(service, load)
    warned = Book(scene.logs, "api.log").messages("WARN", "0777")
    if len(warned) != 1 or "anybody may delete, replace or forge" not in warned[0]["message"]:
        raise Fault(f"warned {len(warned)} times: {warned[:1]}")
    return scene.audit(nothing_lost=True)


def untouched(path):
    with open(path) as file:
        if file.read() != "mine\n":
            raise Fault(f"{os.path.basename(path)} was written to")


def refused(scene, name, clear=None):
    """What stands in a file's place is left alone: a warning, entries on stdout, the file once it can be."""
    service = scene.start()
    load = scene.load(service, rate=300)
    scene.go_on(1)
    scene.one_warning(service, "LOG_DIR")
    (clear or (lambda: os.remove(scene.path(name))))()
    scene.recovered(service, load)
    scene.finish(service, load)
    scene.one_warning(service, "LOG_DIR")
    return scene.audit()


@part(22, "a file in the directory's place, later gone", quick=True)
def _(scene):
    with open(scene.logs, "w") as file:
        file.write("mine\n")
    return later(scene, lambda: (untouched(scene.logs), os.remove(scene.logs)))


@part(22, "a directory that is read-only, later not", "nobody", quick=True)
def _(scene):
    os.mkdir(scene.logs)
    user = NOBODY if os.geteuid() == 0 else None
    if user:
        os.chown(scene.logs, user, user)
    os.chmod(scene.logs, 0o500)
    return later(scene, lambda: os.chmod(scene.logs, 0o700), user)


@part(22, "a directory of another user, later ours", "root", quick=True)
def _(scene):
    os.mkdir(scene.logs)
    os.chown(scene.logs, NOBODY, NOBODY)
    return later(scene, lambda: os.chown(scene.logs, 0, 0))


def later(scene, mend, user=None):
    service = scene.start(user=user)
    load = scene.load(service, rate=300)
    scene.go_on(2)
    mend()
    took = scene.recovered(service, load)
    scene.finish(service, load)
    scene.one_warning(service, "LOG_DIR")
    return f"{scene.audit(nothing_lost=True)}, there after {took:.1f} s"
