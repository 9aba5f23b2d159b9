"""A template: an interpreter that has imported what a script imports, and from
which each run of that script is forked, inside the sandbox.

The server starts it as it starts a script, but for its powers: in the user
namespace of the sandbox it is root and may make namespaces, which is what each
run gets of its own:

    template ── fork ──► process 1 of a run ── fork ──► the script
                         namespaces, mounts,            waits until process 1 has
                         limits, powers given up,       become the sandbox's init,
                         becomes the sandbox's init     and runs

Nothing of a run is known to the template: process 1 reads what the run is told.
So what one run does, another never has.

The server makes and fills a run's directory where nothing of this can be seen,
and moves it here when it is done: what is imported here could put links in its
way.

Standard input is a socket to the server (SOCK_SEQPACKET). On it the template
says once that it is `ready`, or why it is not (`unfit: …`). Then each message
names a run's directory below /.stagehook/runs, and brings six descriptors: standard
input, output and error, where the end is reported, a socket on which process 1
sends a descriptor of itself (`ready`) and waits for `go`, and a file of what the
run is told. Until `go` nothing of the script has run.

Python 3.9 or later, on Linux.
"""

# ruff: noqa: E402 -- what there is before the imports is looked at first.

# What a script's own `__main__` has, too.
PLAIN = [name for name in globals() if name.startswith("__")]

import sys

# What every interpreter has from its start.
STARTED_WITH = {name.partition(".")[0] for name in sys.modules}

import ast
import atexit
import builtins
import contextlib
import ctypes
import gc
import importlib
import importlib.abc
import importlib.machinery
import json
import os
import resource
import select
import signal
import socket
import threading
import time
import types

RUNS = "/.stagehook/runs"
WORK = "/work"
INIT = "/.stagehook/init"
# Who a script is.
NOBODY = 65534
# As the sandbox of every script has them.
MEMORY_FILES = b"size=67108864,mode=755"
# What each run has of its own.
OWN_PLACES = (WORK, "/tmp", "/dev/shm")
# What of /proc speaks of the whole machine: the kernel lets root write there
# without asking for more, and knows a script by the user of the server.
OF_THE_MACHINE = ("acpi", "bus", "fs", "irq", "scsi", "sys", "sysrq-trigger")
# Modules that run when the interpreter starts, wherever they are found.
OF_THE_START = ("sitecustomize", "usercustomize")

CLONE_NEWNS = 0x20000
CLONE_NEWCGROUP = 0x2000000
CLONE_NEWUTS = 0x4000000
CLONE_NEWIPC = 0x8000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_REC = 32, 4096, 16384
PR_SET_DUMPABLE = 4
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
CAPABILITY_VERSION = 0x20080522
SIOCSIFFLAGS, IFF_UP = 0x8914, 1

libc = ctypes.CDLL(None, use_errno=True)
libc.mount.argtypes = [ctypes.c_char_p] * 3 + [ctypes.c_ulong, ctypes.c_char_p]
libc.prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
libc.close_range = getattr(libc, "close_range", None)


# How soon a run that has ended is reaped, in milliseconds.
REAPED_WITHIN = 100
# How long, in seconds, threads may take to end that end at a fork.
THREADS_END_WITHIN = 1


class Unfit(Exception):
    """No run can be forked from here without one having what another left."""


def check(answer, what):
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def mount(source, target, kind, flags, data=None):
    encode = os.fsencode
    answer = libc.mount(encode(source), encode(target), kind, flags, data)
    check(answer, f"mount {target}")


# ── The template ─────────────────────────────────────────────────────────────


class Fresh(importlib.abc.MetaPathFinder):
    """Leaves to each run what lies beside its script, which may change."""

    def __init__(self, beside):
        self.beside = beside

    def find_spec(self, fullname, path=None, target=None):
        if fullname.partition(".")[0] in self.beside:
            raise ModuleNotFoundError(f"{fullname} lies beside the script", name=fullname)
        return None


def imports(body):
    """The import statements that a module begins with, up to the first statement
    that may do something that an import depends on; and whether that is all of
    it."""
    found = []
    for statement in body:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            found.append(statement)
        elif isinstance(statement, ast.Try):
            inner, is_all = imports(statement.body)
            found += inner
            if not is_all:
                return found, False
        elif not does_nothing(statement):
            return found, False
    return found, True


def does_nothing(statement):
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return not statement.decorator_list
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    if isinstance(statement, ast.If):
        test = statement.test
        name = getattr(test, "id", None) or getattr(test, "attr", None)
        return name == "TYPE_CHECKING" and not statement.orelse
    if isinstance(statement, ast.Assign):
        plain = all(isinstance(target, ast.Name) for target in statement.targets)
        return plain and isinstance(statement.value, ast.Constant)
    return False


def import_early(tree):
    """Imports what the script begins with, until that fails: the run will show
    why."""
    for statement in imports(tree.body)[0]:
        try:
            if isinstance(statement, ast.Import):
                for name in statement.names:
                    importlib.import_module(name.name)
            elif statement.level == 0:
                names = [name.name for name in statement.names]
                __import__(statement.module, {}, {}, names)
        except BaseException:
            return


def stat_of(path):
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_size


def watched(beside):
    """What tells that a module would be another one today: the directories that
    modules are found in, and the files of those that no installer put there."""
    paths = set(sys.path).difference(beside)
    installed = tuple(os.path.join(prefix, "") for prefix in (sys.prefix, sys.base_prefix))
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and not file.startswith(installed):
            paths.add(file)
    return {path: stat_of(path) for path in paths}


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


def map_user(extent):
    write("/proc/self/setgroups", "deny")
    write("/proc/self/uid_map", extent)
    write("/proc/self/gid_map", extent)


def prepare(template):
    """Imports and compiles: the script's code."""
    beside = set(template["beside"])
    if beside.intersection(OF_THE_START):
        raise Unfit("a module beside the script runs when the interpreter starts")
    with open(os.path.join(RUNS, "script"), "rb") as file:
        content = file.read()
    try:
        tree = ast.parse(content, template["script"])
        code = compile(content, template["script"], "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise Unfit("the script cannot be compiled") from error
    # Where this file is, where a script finds what it imports.
    if not getattr(sys.flags, "safe_path", False):
        del sys.path[0]
    # What this file imported for itself, and a script would find beside it.
    for name in list(sys.modules):
        if name.partition(".")[0] in beside.difference(STARTED_WITH):
            del sys.modules[name]
    fresh = Fresh(beside)
    sys.meta_path.insert(0, fresh)
    import_early(tree)
    sys.meta_path.remove(fresh)
    path = [os.path.dirname(template["script"])]
    if getattr(sys.flags, "safe_path", False):
        path = []
    sys.path[:0] = path + [template["directory"]]
    return code


def serve(control, code, seen):
    """Forks a run for each message. Returns in process 1 of one, with what it
    was given."""
    own_namespace = os.open("/proc/self/ns/pid", os.O_RDONLY)
    heard = select.poll()
    heard.register(control, select.POLLIN)
    while True:
        # Without a handler of a signal, which runs would have in common.
        while not heard.poll(REAPED_WITHIN if reap() else None):
            pass
        message, descriptors, _, _ = socket.recv_fds(control, 256, 6)
        if not message:
            # The server has no more use for this.
            os._exit(0)
        if len(descriptors) == 6:
            try:
                if any(stat_of(path) != stat for path, stat in seen.items()):
                    raise Unfit("changed")
                if fork_into_namespace(own_namespace) == 0:
                    control.detach()
                    return message.decode(), descriptors
            except (OSError, Unfit) as error:
                say(descriptors[4], str(error))
        for descriptor in descriptors:
            os.close(descriptor)


def fork_into_namespace(own):
    """Forks the first process of a pid namespace: without an interpreter between
    the two."""
    check(libc.unshare(CLONE_NEWPID), "unshare")
    child = None
    try:
        child = os.fork()
        return child
    finally:
        if child != 0:
            check(libc.setns(own, CLONE_NEWPID), "setns")


def reap():
    """Reaps the runs that have ended; whether there are others."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def say(descriptor, text):
    """Says why there will be no run, to whoever still listens."""
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as reply:
        reply.send(text.encode()[:200])


# ── A run ────────────────────────────────────────────────────────────────────


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


def write(path, text, directory=None):
    descriptor = os.open(path, os.O_WRONLY, dir_fd=directory)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


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


def first_process(directory, descriptors, kept):
    """Process 1 of a run. Returns in its script, with what that is told."""
    *streams, report, reply_descriptor, told = descriptors
    reply = socket.socket(fileno=reply_descriptor)
    try:
        os.setsid()
        with open(told, "rb") as file:
            run = json.load(file)
        isolate(directory, run, kept)
        limit(run["limits"])
        # From now on they wait for the init that this becomes.
        signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGCHLD))
        itself = os.pidfd_open(os.getpid())
        socket.send_fds(reply, [b"ready"], [itself])
    except Exception as error:
        say(reply_descriptor, str(error))
        os._exit(1)
    try:
        if reply.recv(16) != b"go":
            os._exit(1)
        # The control group is the run's own by now. Where there are no
        # namespaces of them, there are none.
        libc.unshare(CLONE_NEWCGROUP)
        give_up_powers()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        held, holds = os.pipe()
        # The init closes it once the script cannot look into it any more.
        os.set_inheritable(holds, True)
        script = os.fork()
        if script == 0:
            os.close(holds)
            reply.detach()
            become_script(run)
            # Until process 1 is the init.
            os.read(held, 1)
            close_from(3)
            return run
        os.dup2(report, 3)
        os.execve(INIT, [INIT, "--adopt", str(script)], {})
    finally:
        if os.getpid() == 1:
            os._exit(1)


def close_from(first):
    if libc.close_range is None or libc.close_range(first, 0xFFFFFFFF, 0) < 0:
        os.closerange(first, 65536)


def become_script(run):
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    # Bubblewrap adds the last. What is touched has to be copied, so no more than
    # what differs is.
    wanted = {**run["environment"], "PWD": WORK}
    for name in set(os.environ).difference(wanted):
        del os.environ[name]
    for name, value in wanted.items():
        if os.environ.get(name) != value:
            os.environ[name] = value
    sys.argv[:] = run["argv"]
    if hasattr(sys, "orig_argv"):
        sys.orig_argv[:] = [run["interpreter"], *run["own_args"], *run["argv"]]
    # What was not there before; the others see for themselves that a directory has
    # changed.
    for path, finder in list(sys.path_importer_cache.items()):
        if finder is None or path in sys.path[:2]:
            del sys.path_importer_cache[path]
    # The module `random` and its like do this themselves.
    numbers = sys.modules.get("numpy.random")
    if hasattr(numbers, "seed"):
        numbers.seed()


def fresh_main(path):
    main = types.ModuleType("__main__")
    own = {"__builtins__": builtins, "__file__": path, "__annotations__": {}}
    own["__loader__"] = importlib.machinery.SourceFileLoader("__main__", path)
    for name in PLAIN:
        if name != "__name__":
            setattr(main, name, own.get(name))
    # Whoever asks for this one's own has it in its globals.
    sys.modules["__main__"] = main
    return main


def tell(error):
    """Tells of an exception that nobody caught, as the interpreter does: without
    this file, which is none of the script's business."""
    traceback = error.__traceback__.tb_next
    error = error.with_traceback(traceback)
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, traceback
    sys.excepthook(type(error), error, traceback)


def status_of(ending):
    """The exit status of a script that ended so; none for one that is to end by
    SIGINT."""
    if ending is None:
        return 0
    if isinstance(ending, SystemExit):
        if ending.code is None:
            return 0
        if isinstance(ending.code, int):
            return ending.code & 0xFF
        print(ending.code, file=sys.stderr)
        return 1
    try:
        tell(ending)
    except SystemExit as other:
        return status_of(other)
    return None if isinstance(ending, KeyboardInterrupt) else 1


def finish(inherited):
    """Ends the script as the interpreter ends one, but for taking apart what it
    has from the template: touching all of that would take longer than the rest
    of the run."""
    try:
        # It has hold of everything that the script had.
        status = status_of(globals().pop("_ending"))
    except BaseException:
        status = 1
    try:
        threading._shutdown()
        atexit._run_exitfuncs()
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
    # What the script made may have something to do at its end: a file that was
    # not closed has something to write.
    for name in ("last_type", "last_value", "last_traceback", "last_exc"):
        if hasattr(sys, name):
            delattr(sys, name)
    for name in set(sys.modules).difference(inherited):
        del sys.modules[name]
    sys.modules.pop("__main__", None)
    gc.collect()
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except (OSError, ValueError):
            # As the interpreter says that what was printed went nowhere.
            if stream is sys.stdout:
                status = status or 120
    if status is None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    os._exit(1 if status is None else status)


def begin():
    """Prepares, and serves. Returns in a script: its code, and its `__main__`."""
    control = socket.socket(fileno=os.dup(0))
    own = {0, 1, 2, control.fileno()}
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    with open(os.path.join(RUNS, "template.json"), "rb") as file:
        template = json.load(file)
    try:
        if template["nests"]:
            nest()
        before = left_files()
        code = prepare(template)
        fork_once()
        check_fitness(own, before)
    except (Unfit, OSError) as error:
        control.send(f"unfit: {error}".encode()[:200])
        os._exit(0)
    sys.stdout.flush()
    sys.stderr.flush()
    # What stays is not looked through, nor copied by that, in each run.
    gc.collect()
    gc.freeze()
    seen = watched((os.path.dirname(template["script"]), template["directory"]))
    control.send(b"ready")
    directory, descriptors = serve(control, code, seen)
    first_process(directory, descriptors, template["kept"])
    return code, fresh_main(template["script"])


if __name__ == "__main__":
    _code, _main = begin()
    _inherited, _ending = set(sys.modules), None
    try:
        exec(_code, _main.__dict__)
    except BaseException as error:
        _ending = error
    del _code, _main
    finish(_inherited)
