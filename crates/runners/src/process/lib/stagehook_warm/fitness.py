"""Whether runs can be forked from here without one having what another left."""

import os
import threading
import time

from stagehook_warm.isolation import OWN_PLACES

# How long, in seconds, threads may take to end that end at a fork.
THREADS_END_WITHIN = 1


class Unfit(Exception):
    """No run can be forked from here without one having what another left."""


def fork_once():
    """Forks a child that does nothing. Some libraries end their threads for a
    fork, and some do things that no run may have in common with another."""
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def has_threads():
    """Whether this process has another thread, whoever started it."""
    until = time.monotonic() + THREADS_END_WITHIN
    # One that was waited for is seen for another moment.
    while len(os.listdir("/proc/self/task")) > 1:
        if time.monotonic() > until:
            return True
        time.sleep(0.01)
    return False


def left_files():
    return {(place, name) for place in OWN_PLACES for name in os.listdir(place)}


def check_fitness(own, before):
    """Refuses to be forked with what a run would have in common with another."""
    if threading.active_count() > 1 or has_threads():
        raise Unfit("what the script imports starts threads")
    descriptors = set(map(int, os.listdir("/proc/self/fd")))
    # One is of the list itself, and closed by now.
    left = [number for number in descriptors - own if os.path.exists(f"/proc/self/fd/{number}")]
    if left:
        raise Unfit("what the script imports leaves files open")
    with open(f"/proc/self/task/{os.getpid()}/children") as children:
        if children.read().strip():
            raise Unfit("what the script imports leaves processes running")
    with open("/proc/self/maps") as maps:
        for line in maps:
            if line.split(" ", 2)[1][1::2] == "ws":
                raise Unfit("what the script imports shares memory")
    for place, _ in left_files() - before:
        raise Unfit(f"what the script imports leaves files in {place}")
