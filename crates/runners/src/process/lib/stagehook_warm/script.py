"""The process of a script: what it finds, and how it ends."""

import atexit
import builtins
import gc
import importlib.machinery
import os
import signal
import sys
import threading
import types

from stagehook_warm.isolation import WORK
from stagehook_warm.system import libc


def close_from(first):
    if libc.close_range is None or libc.close_range(first, 0xFFFFFFFF, 0) < 0:
        os.closerange(first, 65536)


def become(run):
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


def fresh_main(path, plain):
    main = types.ModuleType("__main__")
    own = {"__builtins__": builtins, "__file__": path, "__annotations__": {}}
    own["__loader__"] = importlib.machinery.SourceFileLoader("__main__", path)
    for name in plain:
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


def finish(begun, inherited):
    """Ends the script as the interpreter ends one, but for taking apart what it
    has from the template: touching all of that would take longer than the rest
    of the run."""
    try:
        # It has hold of everything that the script had.
        status = status_of(begun.pop("_ending"))
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
