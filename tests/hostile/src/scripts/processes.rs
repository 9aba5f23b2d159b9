//! Attacks by the processes that a script starts. REQ-SCR-5

use super::case::{Case, ends, passes};
use serde_json::json;
use stagehook_core::execution::ExecutionStatus::{Failed, LimitExceeded, TimedOut};

/// Attacks by the processes that a script starts.
pub fn cases() -> Vec<Case> {
    vec![
        Case::shell(
            "a daemon that called setsid",
            "(setsid sh -c 'echo > up; exec sleep '$1 &)
            until [ -e up ]; do sleep 0.01; done",
            passes(),
        ),
        Case::shell(
            "a daemon without an environment that ignores TERM",
            "(env -i setsid sh -c 'trap \"\" TERM; echo > up; sleep '$1'; sleep '$1 &)
            until [ -e up ]; do sleep 0.01; done",
            passes(),
        ),
        Case::python(
            "a daemon that forked twice, in Python",
            "import os, sys, time
read, write = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.close(0); os.close(1); os.close(2)
        os.write(write, b'up')
        os.execvp('sleep', ['sleep', sys.argv[1]])
    os._exit(0)
os.wait()
os.read(read, 2)
",
            passes(),
        ),
        Case::shell(
            "a grandchild that holds the pipes",
            "sleep $1 & exit 0",
            passes(),
        ),
        Case::shell(
            "one that ignores TERM",
            "trap '' TERM; while :; do sleep 0.05; done",
            ends(TimedOut, "timed out after 0.3 s"),
        )
        .timeout_ms(300),
        Case::shell(
            "one that starts another on TERM",
            "trap 'setsid sleep $1 & sleep $1' TERM; sleep $1 & wait; sleep $1",
            ends(TimedOut, "timed out after 0.3 s"),
        )
        .timeout_ms(300),
        Case::shell(
            "one that stops itself",
            "kill -STOP $$",
            ends(TimedOut, "timed out after 0.3 s"),
        )
        .timeout_ms(300),
        Case::python(
            "threads without end",
            "import threading, time
while True:
    threading.Thread(target=time.sleep, args=(300,), daemon=True).start()
",
            ends(LimitExceeded, "limits.processes"),
        )
        .limits(json!({"processes": 50})),
        // Unconfined, process 1 is the machine's.
        Case::shell(
            "one that kills the first process of its sandbox",
            "kill -KILL 1; kill -STOP 1; echo 'exit 0' > /proc/1/fd/3; exit 3",
            ends(Failed, "exited with status 3"),
        )
        .confined_only(),
    ]
}
