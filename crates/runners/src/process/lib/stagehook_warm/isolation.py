"""What keeps the runs apart: namespaces and file systems of their own, limits, and
no powers. And what keeps the template in its sandbox."""

import ctypes
import os
import resource
import socket
import sys

from stagehook_warm.system import (
    CLONE_NEWIPC,
    CLONE_NEWNET,
    CLONE_NEWNS,
    CLONE_NEWPID,
    CLONE_NEWUSER,
    CLONE_NEWUTS,
    MS_BIND,
    MS_NODEV,
    MS_NOEXEC,
    MS_NOSUID,
    MS_RDONLY,
    MS_REC,
    MS_REMOUNT,
    check,
    libc,
    map_user,
    mount,
    write,
)

RUNS = "/.stagehook/runs"
WORK = "/work"
# Who a script is.
NOBODY = 65534
# As the sandbox of every script has them.
MEMORY_FILES = b"size=67108864,mode=755"
# What each run has of its own.
OWN_PLACES = (WORK, "/tmp", "/dev/shm")
# What of /proc speaks of the whole machine: the kernel lets root write there
# without asking for more, and knows a script by the user of the server.
OF_THE_MACHINE = ("acpi", "bus", "fs", "irq", "scsi", "sys", "sysrq-trigger")

PR_SET_DUMPABLE = 4
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
CAPABILITY_VERSION = 0x20080522
SIOCSIFFLAGS, IFF_UP = 0x8914, 1


def nest():
    """Goes on in a user namespace below that of the sandbox, in which the mounts
    of the sandbox can neither be undone nor made writable, whatever the script
    imports; and as process 1 of a pid namespace that belongs to it, so that this
    one can come back from those it makes."""
    check(libc.unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID), "unshare")
    map_user("0 0 1")
    child = os.fork()
    if child != 0:
        os.closerange(0, 64)
        os.waitpid(child, 0)
        os._exit(1)
    mount("proc", "/proc", b"proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)


def isolate(directory, run, kept):
    """Gives this process namespaces of its own, with the sandbox's file systems
    as a script of its own sandbox has them. What is `kept` are directories of the
    host that each run sees."""
    network = 0 if run["network"] else CLONE_NEWNET
    check(libc.unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | network), "unshare")
    if network:
        raise_loopback()
    # Those that lie where something of the run's own is about to be.
    kept = [(path, os.open(path, os.O_PATH)) for path in kept if lies_in_own_place(path)]
    mount(os.path.join(RUNS, directory), WORK, None, MS_BIND)
    # Covered, not undone: that may not be possible, and would wait for every
    # processor of the machine.
    mount("tmpfs", RUNS, b"tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV, b"size=4k,mode=755")
    for place in OWN_PLACES[1:]:
        mount("tmpfs", place, b"tmpfs", MS_NOSUID | MS_NODEV, MEMORY_FILES)
    for path, descriptor in kept:
        os.makedirs(path, exist_ok=True)
        mount(f"/proc/self/fd/{descriptor}", path, None, MS_BIND | MS_REC)
        os.close(descriptor)
    terminals = b"newinstance,ptmxmode=0666,mode=620"
    mount("devpts", "/dev/pts", b"devpts", MS_NOSUID | MS_NOEXEC, terminals)
    safe = MS_NOSUID | MS_NODEV | MS_NOEXEC
    mount("proc", "/proc", b"proc", safe)
    # Beneath what is about to cover it.
    settings = os.open("/proc/sys", os.O_PATH | os.O_DIRECTORY)
    for name in OF_THE_MACHINE:
        place = os.path.join("/proc", name)
        if os.path.lexists(place):
            mount(place, place, None, MS_BIND | MS_REC)
            mount(place, place, None, MS_BIND | MS_REMOUNT | MS_RDONLY | safe)
    os.chdir(WORK)
    # The last, so that all of the above is out of the script's reach whatever
    # powers it would find: its user namespace has none over these mounts.
    check(libc.unshare(CLONE_NEWUSER), "unshare")
    map_user(f"{NOBODY} 0 1")
    write("user/max_user_namespaces", "0", settings)
    os.close(settings)


def lies_in_own_place(path):
    return any(path == place or path.startswith(place + "/") for place in OWN_PLACES)


def raise_loopback():
    # struct ifreq: a name and flags.
    request = b"lo".ljust(16, b"\0") + IFF_UP.to_bytes(2, sys.byteorder)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = ctypes.create_string_buffer(request.ljust(40, b"\0"))
        check(libc.ioctl(any_socket.fileno(), SIOCSIFFLAGS, request), "loopback")


def limit(limits):
    for number, most in limits:
        hard = resource.getrlimit(number)[1]
        if hard != resource.RLIM_INFINITY:
            most = min(most, hard)
        resource.setrlimit(number, (most, most))


def give_up_powers():
    check(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "prctl")
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    none = (ctypes.c_uint32 * 6)()
    check(libc.capset(header, none), "capset")
    check(libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), "prctl")
