"""CPU time, wall time and peak memory of commands.

    python3 benches/cli/measure.py ROUNDS NAME COMMAND [NAME COMMAND ...]

All commands in turn, so many rounds: what else the machine does hits all of them. Each figure of a row is
the best of its rounds: CPU time (user and system), the time until the first byte of the answer, the time until the end, all in
milliseconds, and the peak memory in KiB.
"""

import os
import shlex
import subprocess
import sys
import time


def run(command):
    """CPU seconds, wall seconds until the first byte and until the end."""
    begun = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    first = None
    # Piped on, for some tools stop early where nobody looks.
    while piece := os.read(child.stdout.fileno(), 1 << 20):
        first = first or time.perf_counter() - begun
    _, _, usage = os.wait4(child.pid, 0)
    child.returncode = 0
    child.stdout.close()
    return usage.ru_utime + usage.ru_stime, first or 0.0, time.perf_counter() - begun


def peak(command):
    """Peak memory in KiB, told by `time`: a child of python begins with python's."""
    told = subprocess.run(["/usr/bin/time", "-f", "%M", *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return int(told.stderr.split()[-1])


def main():
    rounds = int(sys.argv[1])
    cases = [(name, shlex.split(command)) for name, command in zip(sys.argv[2::2], sys.argv[3::2])]
    runs = [[] for _ in cases]
    for _ in range(rounds):
        for (_, command), results in zip(cases, runs):
            results.append(run(command))
    for (name, command), results in zip(cases, runs):
        best = [min(column) * 1000 for column in zip(*results)]
        print(f"| {name} | {best[0]:.1f} | {best[1]:.1f} | {best[2]:.1f} | {peak(command):,} |", flush=True)


main()
