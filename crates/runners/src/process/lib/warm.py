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

| module | what |
| --- | --- |
| `imports` | what is imported early, and when that has changed |
| `fitness` | whether runs can be forked from it |
| `isolation` | what a run has of its own |
| `script` | the script's process |
"""

# ruff: noqa: E402 -- what there is before the imports is looked at first.

# What a script's own `__main__` has, too.
PLAIN = [name for name in globals() if name.startswith("__")]

import sys

# What every interpreter has from its start.
STARTED_WITH = {name.partition(".")[0] for name in sys.modules}

import ast
import contextlib
import gc
import json
import os
import select
import signal
import socket

# Where this file is, where a script would find what it imports.
if not getattr(sys.flags, "safe_path", False):
    del sys.path[0]
sys.path.insert(0, os.path.dirname(__file__))
from stagehook_warm import fitness, imports, isolation, script
from stagehook_warm.fitness import Unfit
from stagehook_warm.isolation import RUNS
from stagehook_warm.system import CLONE_NEWCGROUP, CLONE_NEWPID, check, libc

del sys.path[0]
# A script may have a module of any name.
for _name in [name for name in sys.modules if name.partition(".")[0] == "stagehook_warm"]:
    del sys.modules[_name]

INIT = "/.stagehook/init"
# Modules that run when the interpreter starts, wherever they are found.
OF_THE_START = ("sitecustomize", "usercustomize")
# How soon a run that has ended is reaped, in milliseconds.
REAPED_WITHIN = 100


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
    # What this file imported for itself, and a script would find beside it.
    for name in list(sys.modules):
        if name.partition(".")[0] in beside.difference(STARTED_WITH):
            del sys.modules[name]
    fresh = imports.Fresh(beside)
    sys.meta_path.insert(0, fresh)
    imports.import_early(tree)
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
                if any(imports.stat_of(path) != stat for path, stat in seen.items()):
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


def first_process(directory, descriptors, kept):
    """Process 1 of a run. Returns in its script, with what that is told."""
    *streams, report, reply_descriptor, told = descriptors
    reply = socket.socket(fileno=reply_descriptor)
    try:
        os.setsid()
        with open(told, "rb") as file:
            run = json.load(file)
        isolation.isolate(directory, run, kept)
        isolation.limit(run["limits"])
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
        isolation.give_up_powers()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        held, holds = os.pipe()
        # The init closes it once the script cannot look into it any more.
        os.set_inheritable(holds, True)
        child = os.fork()
        if child == 0:
            os.close(holds)
            reply.detach()
            script.become(run)
            # Until process 1 is the init.
            os.read(held, 1)
            script.close_from(3)
            return run
        os.dup2(report, 3)
        os.execve(INIT, [INIT, "--adopt", str(child)], {})
    finally:
        if os.getpid() == 1:
            os._exit(1)


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
            isolation.nest()
        before = fitness.left_files()
        code = prepare(template)
        fitness.fork_once()
        fitness.check_fitness(own, before)
    except (Unfit, OSError) as error:
        control.send(f"unfit: {error}".encode()[:200])
        os._exit(0)
    sys.stdout.flush()
    sys.stderr.flush()
    # What stays is not looked through, nor copied by that, in each run.
    gc.collect()
    gc.freeze()
    seen = imports.watched((os.path.dirname(template["script"]), template["directory"]))
    control.send(b"ready")
    directory, descriptors = serve(control, code, seen)
    first_process(directory, descriptors, template["kept"])
    return code, script.fresh_main(template["script"], PLAIN)


if __name__ == "__main__":
    _code, _main = begin()
    _inherited, _ending = set(sys.modules), None
    try:
        exec(_code, _main.__dict__)
    except BaseException as error:
        _ending = error
    del _code, _main
    script.finish(globals(), _inherited)
