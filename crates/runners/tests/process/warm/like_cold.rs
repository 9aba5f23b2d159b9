//! A warm run sees what a cold one sees, and ends in the same ways.

use super::{is_root, is_warm, run_warm, studio, until_warm, warm, warm_sharing};
use crate::studio::{LONG, Studio, input, written};
use rstest::rstest;
use serde_json::{Value, json};
use stagehook_core::config::HookType;
use stagehook_core::execution::{Execution, ExecutionStatus};
use std::fs;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Says everything that it can see of what it was started with and where it is.
const EVERYTHING: &str = r"'''What it says.'''
import json, os, resource, signal, socket, sys, time
import stagehook, beside

def content(path):
    with open(path) as file:
        return file.read()

def status(*names):
    lines = content('/proc/self/status').splitlines()
    return [line.split(':', 1) for line in lines if line.split(':')[0] in names]

def seen(path):
    stat = os.stat(path)
    return [path, oct(stat.st_mode), stat.st_uid, stat.st_gid, os.access(path, os.W_OK)]

plain = {name: repr(value) for name, value in globals().items() if name.startswith('__')}
print(json.dumps({
    'main': {name: value.split(' at ')[0] for name, value in plain.items() if name != '__builtins__'},
    'builtins': type(__builtins__).__name__,
    'is main': sys.modules['__main__'].__dict__ is globals(),
    'argv': sys.argv, 'orig_argv': sys.orig_argv, 'path': sys.path, 'flags': repr(sys.flags),
    'executable': sys.executable, 'prefix': sys.prefix,
    'environment': dict(os.environ),
    'of the C library': {name: os.getenvb(name.encode()).decode() for name in os.environ},
    'where': os.getcwd(), 'root': sorted(os.listdir('/')), 'here': sorted(os.listdir('.')),
    'below /.stagehook/lib': sorted(os.listdir('/.stagehook/lib')),
    'beside': [beside.__file__, beside.WHAT, sorted(os.listdir('/.stagehook/scripts'))],
    'devices': sorted(os.listdir('/dev')), 'memory': os.listdir('/tmp') + os.listdir('/dev/shm'),
    'sees': [seen(path) for path in (
        '/', '/work', '/tmp', '/dev', '/dev/shm', '/dev/pts', '/proc', '/proc/sys', '/usr', '/etc',
        '/etc/passwd', '/shared', '/work/input.json', '/dev/null', '/.stagehook',
        '/proc/self/environ', '/proc/self/fd', '/proc/1/status')],
    'mounts': sorted({' '.join(line.split()[4:6]) for line in content('/proc/self/mountinfo').splitlines()
        if not line.split()[4].startswith(('/proc/', '/.stagehook/runs'))}),
    'who': [os.getuid(), os.geteuid(), os.getgid(), os.getresuid()],
    'map': content('/proc/self/uid_map').split() [::2],
    'processes': sorted(int(name) for name in os.listdir('/proc') if name.isdigit()),
    'process': [os.getpid(), os.getppid(), os.getsid(0), os.getpgid(0)],
    'descriptors': [[number, os.readlink(f'/proc/self/fd/{number}').split(':')[0]] for number in (0, 1, 2)],
    'open': sorted(name for name in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{name}')),
    'limits': {name: resource.getrlimit(getattr(resource, name)) for name in dir(resource)
        if name.startswith('RLIMIT_')},
    'signals': {signal.Signals(number).name: repr(signal.getsignal(number)) for number in signal.valid_signals()
        if number < 32 and 'function' not in repr(signal.getsignal(number))},
    'blocked': [repr(s) for s in signal.pthread_sigmask(signal.SIG_BLOCK, [])],
    'status': status('CapInh', 'CapPrm', 'CapEff', 'CapAmb', 'NoNewPrivs', 'Seccomp', 'Threads',
        'SigBlk', 'SigIgn', 'SigCgt', 'Umask'),
    'streams': [[type(s).__name__, s.encoding, s.errors, s.line_buffering, s.write_through, s.name, s.mode]
        for s in (sys.stdin, sys.stdout, sys.stderr)],
    'host': socket.gethostname(), 'interfaces': socket.if_nameindex(),
    'timezone': time.tzname, 'told': sys.stdin.read(),
    'metadata': stagehook.metadata, 'gc': __import__('gc').get_threshold(),
    'network': content('/proc/net/dev').count(':'),
}, indent=1))
";

#[rstest]
#[case::offline(false)]
#[case::with_the_network(true)]
#[tokio::test]
async fn a_warm_run_sees_what_a_cold_one_sees(#[case] network: bool) {
    let studio = studio();
    studio.script("qc/hook.py", EVERYTHING);
    studio.script("qc/beside.py", "WHAT = 'beside'\n");
    let mut config = warm_sharing(&studio, "qc/hook.py");
    config["args"] = json!(["--one", "{shot}", ""]);
    if !is_root() {
        config["env"] = json!({"TZ": "Asia/Tokyo", "GRADE": "rec709"});
    }
    config["limits"] = json!({"memory_mib": 500, "processes": 17, "open_files": 100});
    config["grants"]["network"] = network.into();
    let mut input = input();
    input.segment_path = Some(studio.shared("seg.mov").to_str().unwrap().to_owned());
    let never = CancellationToken::new();
    let run = async |config: &Value| {
        let config = config.clone();
        studio
            .run_with(HookType::Python, config, &input, LONG, &never)
            .await
    };
    let warm = until_warm(async || run(&config).await).await;
    config["warm"] = false.into();
    let cold = run(&config).await;
    assert!(!is_warm(&cold));
    assert_eq!(cold.error, None, "{cold:?}");
    let told = |execution: &Execution| serde_json::from_str::<Value>(&execution.stdout).unwrap();
    let (warm, cold) = (told(&warm), told(&cold));
    for (what, value) in cold.as_object().unwrap() {
        assert_eq!(warm[what], *value, "{what}");
    }
}

/// Runs a script warm and cold, and sees that both come to the same; answers
/// with the warm run.
async fn same(studio: &Studio, script: &str, change: Value, timeout: Duration) -> Execution {
    studio.script("hook.py", script);
    let mut config = warm_sharing(studio, "hook.py");
    for (key, value) in change.as_object().unwrap() {
        config[key] = value.clone();
    }
    let never = CancellationToken::new();
    let input = input();
    let run = async |config: &Value| {
        let config = config.clone();
        studio
            .run_with(HookType::Python, config, &input, timeout, &never)
            .await
    };
    let warm = until_warm(async || run(&config).await).await;
    config["warm"] = false.into();
    let cold = run(&config).await;
    let told = |execution: &Execution| {
        let Execution {
            status,
            stdout,
            stderr,
            result,
            exit_code,
            error,
            retryable,
            ..
        } = execution.clone();
        (status, stdout, stderr, result, exit_code, error, retryable)
    };
    assert_eq!(told(&warm), told(&cold));
    warm
}

#[rstest]
#[case::nothing("pass")]
#[case::status("import sys\nsys.exit(3)")]
#[case::try_again("import sys\nsys.exit(75)")]
#[case::large_status("import sys\nsys.exit(263)")]
#[case::negative_status("import sys\nsys.exit(-1)")]
#[case::no_status("import sys\nsys.exit(None)")]
#[case::message("import sys\nsys.exit('no good')")]
#[case::another_object("raise SystemExit([1, 2])")]
#[case::exception("def inner():\n    return 1 / 0\n\n\ninner()  # here")]
#[case::exception_of_a_library("import json\njson.loads('{')")]
#[case::chained(
    "try:\n    {}['a']\nexcept KeyError as error:\n    raise ValueError('b') from error"
)]
#[case::no_module("import nosuchmodule")]
#[case::syntax_at_runtime("exec('1 +')")]
#[case::own_hook(
    "import sys\nsys.excepthook = lambda *e: print('mine', e[0].__name__)\nraise OSError"
)]
#[case::interrupt("raise KeyboardInterrupt")]
#[case::at_once("import os\nprint('a', end='')\nos._exit(5)")]
#[case::abort("import os\nos.abort()")]
#[case::killed("import os\nos.kill(os.getpid(), 9)")]
#[case::atexit("import atexit\natexit.register(print, 'last')\nprint('first')")]
#[case::atexit_fails(
    "import atexit\n\ndef last():\n    print('last')\natexit.register(last)\n1 / 0"
)]
#[case::open_file("file = open('/shared/out', 'w')\nfile.write('x' * 10)")]
#[case::finalizer("class A:\n    def __del__(self):\n        print('gone')\na = A()\na.a = a")]
#[case::thread(
    "import threading, time\nthreading.Thread(target=lambda: (time.sleep(0.1), print('late'))).start()\nprint('early')"
)]
#[case::daemon(
    "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
)]
#[case::thread_fails("import threading\nthreading.Thread(target=print, args=('a',)).start()")]
#[case::forked(
    "import os, sys\npid = os.fork()\nif pid:\n    print(os.waitpid(pid, 0)[1])\nelse:\n    sys.exit(4)"
)]
#[case::left_behind("import subprocess\nsubprocess.Popen(['sleep', '300'])\nprint('left')")]
#[case::closed_stdout("import sys\nsys.stdout.close()")]
#[case::both_streams(
    "import sys\nprint('out')\nprint('err', file=sys.stderr)\nsys.stdout.write('no newline')"
)]
#[case::subprocess(
    "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import os; print(os.environ[\"HOME\"], os.getcwd())'])"
)]
#[case::multiprocessing(
    "import multiprocessing\n\ndef double(x):\n    return 2 * x\n\nif __name__ == '__main__':\n    with multiprocessing.Pool(2) as pool:\n        print(pool.map(double, [1, 2]))"
)]
#[case::pickle(
    "import pickle\nclass A:\n    pass\nprint(type(pickle.loads(pickle.dumps(A()))) is A)"
)]
#[case::annotations("x: int = 3\nprint(__annotations__, __name__, __file__)")]
#[case::future("from __future__ import annotations\nx: nosuch = 3\nprint(__annotations__)")]
#[case::dataclass("import dataclasses\n@dataclasses.dataclass\nclass A:\n    a: int\nprint(A(1))")]
#[case::result("import stagehook\nstagehook.fail('frame rate')")]
#[case::review("import stagehook\nstagehook.metric('fps', 24)\nstagehook.needs_review('look')")]
#[case::bad_result("open(__import__('os').environ['STAGEHOOK_RESULT_FILE'], 'w').write('{')")]
#[case::warning("import warnings\nwarnings.warn('old')\nwarnings.warn('dep', DeprecationWarning)")]
#[case::encoding("# coding: latin-1\nprint('\\u00e9', 'ä')")]
#[case::crlf("print('a')\r\nif True:\r\n    print('b')\r\n")]
#[case::stack(
    "import traceback\ntraceback.print_exc()\ntry:\n    1 / 0\nexcept Exception:\n    traceback.print_exc()"
)]
#[tokio::test]
async fn it_ends_as_a_cold_one_does(#[case] script: &str) {
    let studio = studio();
    same(&studio, script, json!({}), LONG).await;
    if script.contains("/shared/out") {
        assert_eq!(
            fs::read_to_string(studio.shared("out")).unwrap(),
            "x".repeat(10)
        );
    }
}

#[rstest]
#[case::memory(
    "data = b'x' * (1 << 28)\nimport time\ntime.sleep(30)",
    json!({"memory_mib": 100}),
    ExecutionStatus::OutOfMemory
)]
#[case::cpu("while True:\n    pass", json!({"cpu_seconds": 1}), ExecutionStatus::LimitExceeded)]
#[case::processes(
    "import subprocess, time\nfor _ in range(20):\n    try:\n        subprocess.Popen(['sleep', '30'])\n    except OSError:\n        pass\ntime.sleep(30)",
    json!({"processes": 10}),
    ExecutionStatus::LimitExceeded
)]
#[case::file_size(
    "import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_DFL)\nopen('big', 'wb').write(b'x' * (3 << 20))",
    json!({"file_size_mib": 1}),
    ExecutionStatus::LimitExceeded
)]
#[case::open_files(
    "import os\ntry:\n    while True:\n        os.dup(0)\nexcept OSError as error:\n    print(error)",
    json!({"open_files": 50}),
    ExecutionStatus::Passed
)]
#[tokio::test]
async fn a_limit_ends_it(
    #[case] script: &str,
    #[case] limits: Value,
    #[case] status: ExecutionStatus,
) {
    let studio = studio();
    studio.script("hook.py", script);
    let mut config = warm("hook.py");
    config["limits"] = limits;
    let execution = run_warm(&studio, &config).await;
    assert_eq!(execution.status, status, "{execution:?}");
    config["warm"] = false.into();
    let cold = studio.run_python(config).await;
    assert_eq!(execution.exit_code, cold.exit_code);
    let kind = |execution: &Execution| {
        let error = execution.error.clone().unwrap_or_default();
        error.split(':').next().unwrap().to_owned()
    };
    assert_eq!(kind(&execution), kind(&cold), "{execution:?}");
    assert!(execution.usage.cpu_ms.is_some(), "{execution:?}");
}

#[tokio::test]
async fn its_time_is_up_after_term_and_what_it_says_then_is_kept() {
    let studio = studio();
    let script = "import signal, sys, time\n\
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(print('cleaning up')))\n\
        print('working')\ntime.sleep(60)\n";
    let execution = same(&studio, script, json!({}), Duration::from_millis(700)).await;
    assert_eq!(execution.status, ExecutionStatus::TimedOut);
    assert_eq!(execution.stdout, "working\ncleaning up\n");
    let script = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n\
        print('deaf')\ntime.sleep(60)\n";
    let execution = same(&studio, script, json!({}), Duration::from_millis(700)).await;
    assert_eq!(execution.status, ExecutionStatus::TimedOut);
    assert_eq!(execution.stdout, "deaf\n");
}

#[tokio::test]
async fn it_is_cancelled_with_all_that_it_started() {
    let studio = studio();
    studio.script(
        "hook.py",
        "import subprocess, sys\n\
         child = subprocess.Popen(['sleep', sys.argv[1]], start_new_session=True)\n\
         open('/shared/up', 'w').write('up\\n')\nchild.wait()\n",
    );
    let mut config = warm_sharing(&studio, "hook.py");
    config["args"] = json!(["0"]);
    run_warm(&studio, &config).await;
    fs::remove_file(studio.shared("up")).unwrap();
    config["args"] = json!([studio.nap]);
    let cancel = CancellationToken::new();
    let input = input();
    let (execution, ()) = tokio::join!(
        studio.run_with(HookType::Python, config, &input, LONG, &cancel),
        async {
            written(&studio.shared("up")).await;
            studio.until_it_naps().await;
            cancel.cancel();
        }
    );
    assert!(is_warm(&execution));
    assert_eq!(execution.status, ExecutionStatus::Cancelled);
    assert!(!studio.naps());
}

#[tokio::test]
async fn one_that_is_dropped_takes_all_with_it() {
    let studio = studio();
    studio.script(
        "hook.py",
        "import subprocess, sys\n\
         child = subprocess.Popen(['sleep', sys.argv[1]], start_new_session=True)\n\
         open('/shared/up', 'w').write('up\\n')\nchild.wait()\n",
    );
    let mut config = warm_sharing(&studio, "hook.py");
    config["args"] = json!(["0"]);
    run_warm(&studio, &config).await;
    fs::remove_file(studio.shared("up")).unwrap();
    config["args"] = json!([studio.nap]);
    let up = studio.shared("up");
    tokio::select! {
        _ = studio.alongside(HookType::Python, config) => panic!("it ended"),
        _ = written(&up) => {}
    }
    assert!(!studio.naps());
    studio.nothing_is_left_behind();
}
