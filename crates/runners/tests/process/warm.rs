//! Warm Python: runs that are forked from an interpreter which has imported what
//! their script imports, and that know nothing of each other.

use crate::python_packages::{PYTHON, python};
use crate::studio::{LONG, Studio, input, written};
use rstest::rstest;
use rustix::process::Pid;
use serde_json::{Value, json};
use stagehook_core::config::HookType;
use stagehook_core::execution::{Execution, ExecutionStatus};
use stagehook_runners::process::{BroughtScript, Confinement};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

fn studio() -> Studio {
    Studio::confined(Confinement::Bubblewrap)
}

fn is_warm(execution: &Execution) -> bool {
    execution.script.is_some_and(|script| script.warm)
}

/// A server that is root keeps nothing warm for a hook that chooses packages or
/// variables.
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The config of a warm hook.
fn warm(script: &str) -> Value {
    json!({"script_path": script, "warm": true})
}

/// The config of one that may write what is shared with the test.
fn warm_sharing(studio: &Studio, script: &str) -> Value {
    let mut config = studio.sharing(script);
    config["warm"] = true.into();
    config
}

/// Runs a script until it is run warm, and answers with that run.
async fn run_warm(studio: &Studio, config: &Value) -> Execution {
    until_warm(async || studio.run_python(config.clone()).await).await
}

async fn until_warm(run: impl AsyncFn() -> Execution) -> Execution {
    let until = Instant::now() + LONG;
    loop {
        let execution = run().await;
        if is_warm(&execution) {
            return execution;
        }
        assert!(Instant::now() < until, "it never is warm: {execution:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn the_first_run_is_cold_and_has_later_ones_be_warm() {
    let studio = studio();
    studio.script("hook.py", "import json\nprint(json.dumps('here'))\n");
    let first = studio.run_python(warm("hook.py")).await;
    assert!(!is_warm(&first));
    let later = run_warm(&studio, &warm("hook.py")).await;
    assert_eq!(later.status, ExecutionStatus::Passed, "{later:?}");
    assert_eq!(later.stdout, "\"here\"\n");
    // The next ones have no choice.
    for _ in 0..3 {
        assert!(is_warm(&studio.run_python(warm("hook.py")).await));
    }
}

#[tokio::test]
async fn one_that_does_not_ask_for_it_stays_cold() {
    let studio = studio();
    studio.script("hook.py", "print('here')\n");
    run_warm(&studio, &warm("hook.py")).await;
    let execution = studio.run_python(json!({"script_path": "hook.py"})).await;
    assert!(!is_warm(&execution));
}

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

/// Leaves something of itself wherever it can, and says what it finds of others.
const CANARY: &str = r"
import builtins, ctypes, json, logging, os, random, signal, socket, stagehook, subprocess, sys, threading, time

libc = ctypes.CDLL(None, use_errno=True)
mine = os.environ['STAGEHOOK_EXECUTION_ID']
found = []

def look(where, what):
    if what:
        found.append([where, str(what)])

look('a global', globals().get('CANARY'))
look('a module', getattr(json, 'CANARY', None))
look('builtins', getattr(builtins, 'CANARY', None))
look('the library', stagehook._result)
look('a logger', logging.getLogger().handlers)
look('the environment', os.environ.get('CANARY'))
look('the environment of C', libc.getenv(b'CANARY'))
look('sys.argv', sys.argv[1:])
look('sys.path', [path for path in sys.path if 'canary' in path])
look('the working directory', os.getcwd() if os.getcwd() != '/work' else None)
umask = os.umask(0o22)
look('the umask', oct(umask) if umask == 0o77 else None)
look('a signal', signal.getsignal(signal.SIGUSR1) if signal.getsignal(signal.SIGUSR1) != signal.SIG_DFL else None)
look('a thread', threading.active_count() - 1)
look('a process', sorted(set(os.listdir('/proc')) & {str(n) for n in range(3, 400)}))
for place in ('/work', '/tmp', '/dev/shm', '/dev/pts', '/.stagehook/runs', '/work/.stagehook'):
    known = {'.stagehook', 'input.json', 'ptmx', 'hook.py'}
    try:
        look(place, set(os.listdir(place)) - known)
    except OSError:
        pass
look('shared memory', libc.shmget(0x5747, 4096, 0) >= 0)
look('a queue', libc.msgget(0x5747, 0) >= 0)
with socket.socket(socket.AF_UNIX) as other:
    look('an abstract socket', other.connect_ex('\0canary') == 0)
with socket.socket() as other:
    look('a port', other.connect_ex(('127.0.0.1', 5747)) == 0)
look('random numbers', random.getrandbits(64) == random.Random(5).getrandbits(64))

CANARY = json.CANARY = builtins.CANARY = sys.CANARY = mine
stagehook.annotate('info', mine)
logging.basicConfig()
os.environ['CANARY'] = mine
sys.argv.append(mine)
sys.path.append('/canary')
signal.signal(signal.SIGUSR1, lambda *_: None)
libc.shmget(0x5747, 4096, 0o1600 | 0o600)
libc.msgget(0x5747, 0o1600)
for place in ('/work', '/tmp', '/dev/shm'):
    open(place + '/canary', 'w').write(mine)
listening = [socket.socket(socket.AF_UNIX), socket.socket()]
listening[0].bind('\0canary')
listening[1].bind(('127.0.0.1', 5747))
[each.listen() for each in listening]
os.openpty()
random.seed(5)
subprocess.Popen(['sleep', NAP], start_new_session=True)
threading.Thread(target=time.sleep, args=(300,), daemon=True).start()
os.chdir('/tmp')
os.umask(0o77)
print(json.dumps(found))
";

#[tokio::test]
async fn nothing_of_one_run_is_seen_by_the_next() {
    let studio = studio();
    studio.script(
        "hook.py",
        &CANARY.replace("NAP", &format!("{:?}", studio.nap)),
    );
    let first = run_warm(&studio, &warm("hook.py")).await;
    assert_eq!(first.error, None, "{first:?}");
    assert_eq!(first.stdout, "[]\n");
    assert_eq!(first.result.unwrap().annotations.len(), 1);
    for _ in 0..3 {
        let next = studio.run_python(warm("hook.py")).await;
        assert!(is_warm(&next));
        assert_eq!(next.stdout, "[]\n", "{next:?}");
        assert_eq!(next.result.unwrap().annotations.len(), 1);
    }
    assert!(!studio.naps());
}

/// So that it is not for want of trying.
#[tokio::test]
async fn what_a_run_leaves_is_there_for_itself() {
    let studio = studio();
    let canary = CANARY.replace("NAP", &format!("{:?}", studio.nap));
    let again = "exec(compile(open(__file__).read().split('# again')[0], 'again', 'exec'))";
    studio.script("hook.py", &format!("{canary}# again\n{again}\n"));
    let execution = run_warm(&studio, &warm("hook.py")).await;
    let printed = execution.stdout.lines().last().unwrap();
    let found: Vec<(String, String)> = serde_json::from_str(printed).unwrap();
    let found: Vec<_> = found.iter().map(|(place, _)| place.as_str()).collect();
    let all: Vec<_> = CANARY
        .split("look('")
        .skip(1)
        .map(|rest| rest.split('\'').next().unwrap())
        .collect();
    assert_eq!(found[..14], all[..14], "{execution:?}");
    let places = ["/work", "/tmp", "/dev/shm", "/dev/pts"];
    assert_eq!(found[14..18], places, "{execution:?}");
    assert_eq!(found[18..], all[14..], "{execution:?}");
}

/// Starts two warm runs, of which the first goes on when the second has ended.
#[tokio::test]
async fn two_at_once_do_not_see_each_other() {
    let studio = studio();
    studio.script(
        "hook.py",
        r"
import json, os, socket, sys, time
who, = sys.argv[1:]
if who == 'first':
    open('secret', 'w').write('canary')
    open('/tmp/secret', 'w').write('canary')
    listening = [socket.socket(socket.AF_UNIX), socket.socket()]
    listening[0].bind('\0secret')
    listening[1].bind(('127.0.0.1', 5748))
    [each.listen() for each in listening]
    terminal = os.openpty()
    open('/shared/up', 'w').write('up\n')
    while not os.path.exists('/shared/go'):
        time.sleep(0.01)
found = [os.path.join(directory, name) for top in ('/work', '/tmp', '/dev', '/.stagehook/runs', '/.stagehook')
    for directory, _, names in os.walk(top) for name in names if 'secret' in name]
names = [name for name in os.listdir('/proc') if name.isdigit()]
with socket.socket(socket.AF_UNIX) as unix, socket.socket() as tcp:
    reached = [unix.connect_ex('\0secret') == 0, tcp.connect_ex(('127.0.0.1', 5748)) == 0]
print(json.dumps([found, sorted(names), os.listdir('/dev/pts'), reached]))
",
    );
    let config = |who: &str| {
        let mut config = warm_sharing(&studio, "hook.py");
        config["args"] = json!([who]);
        config
    };
    run_warm(&studio, &config("second")).await;
    let (first, second) =
        tokio::join!(studio.alongside(HookType::Python, config("first")), async {
            written(&studio.shared("up")).await;
            let second = studio.alongside(HookType::Python, config("second")).await;
            fs::write(studio.shared("go"), "go\n").unwrap();
            second
        });
    assert!(is_warm(&first) && is_warm(&second));
    assert_eq!(
        second.stdout, "[[], [\"1\", \"2\"], [\"ptmx\"], [false, false]]\n",
        "{second:?}"
    );
    assert_eq!(
        first.stdout,
        "[[\"/work/secret\", \"/tmp/secret\"], [\"1\", \"2\"], [\"0\", \"ptmx\"], [true, true]]\n",
        "{first:?}"
    );
    studio.nothing_is_left_behind();
}

/// Tries to be more than it is, and to reach what is around it.
#[tokio::test]
async fn it_has_no_powers_and_can_have_none() {
    let studio = studio();
    studio.script(
        "hook.py",
        r"
import ctypes, glob, os, socket
libc = ctypes.CDLL(None, use_errno=True)
for line in open('/proc/self/status'):
    if line.startswith(('CapInh', 'CapPrm', 'CapEff', 'CapAmb', 'NoNewPrivs')):
        print(*line.split())
for name, flags in (('user', 0x10000000), ('mount', 0x20000), ('pid', 0x20000000), ('net', 0x40000000)):
    print(name, libc.unshare(flags))
print('mount', libc.mount(b'none', b'/tmp', b'tmpfs', 0, None))
for place in (b'/proc/sys', b'/proc', b'/tmp', b'/work', b'/dev/pts'):
    print('umount', libc.umount2(place, 2))
print('remount', libc.mount(None, b'/', None, 4096 | 32, None))
print('remount', libc.mount(None, b'/proc/sys', None, 4096 | 32, None))
print('chroot', libc.chroot(b'/tmp'))
print('setuid', libc.setuid(0))
print('host name', libc.sethostname(b'mine', 4))
for pid in (1, 0, 3, 4):
    for kind in ('mnt', 'user', 'pid'):
        try:
            with open(f'/proc/{pid}/ns/{kind}') as namespace:
                print(pid, kind, libc.setns(namespace.fileno(), 0))
        except OSError:
            pass
for path in ('/proc/1/root/etc/shadow', '/proc/1/mem', '/proc/1/environ', '/proc/1/fd', '/.stagehook/runs'):
    try:
        print(path, os.listdir(path) if os.path.isdir(path) else open(path, 'rb').read(1))
    except OSError:
        pass
for number in range(3, 100):
    try:
        os.fstat(number)
        print('descriptor', number)
    except OSError:
        pass
for path in glob.glob('/proc/sys/**', recursive=True):
    if os.path.isfile(path):
        try:
            os.close(os.open(path, os.O_WRONLY))
            print(path)
        except OSError:
            pass
",
    );
    let execution = run_warm(&studio, &warm("hook.py")).await;
    let none = "0000000000000000";
    let mut expected = ["Inh", "Prm", "Eff", "Amb"]
        .map(|set| format!("Cap{set}: {none}"))
        .to_vec();
    expected.push("NoNewPrivs: 1".to_owned());
    let refused = [
        "user",
        "mount",
        "pid",
        "net",
        "mount",
        "umount",
        "umount",
        "umount",
        "umount",
        "umount",
        "remount",
        "remount",
        "chroot",
        "setuid",
        "host name",
    ];
    expected.extend(refused.map(|what| format!("{what} -1")));
    expected.push("/.stagehook/runs []".to_owned());
    // Whoever runs the server as root lets scripts count these, and no more.
    let cold = studio.run_python(json!({"script_path": "hook.py"})).await;
    let printed = execution.stdout.lines();
    let printed: Vec<_> = printed
        .filter(|line| !(line.starts_with("/proc/1/fd") && cold.stdout.contains(line)))
        .collect();
    assert_eq!(printed, expected, "{execution:?}");
}

#[tokio::test]
async fn one_that_kills_all_that_it_can_harms_nobody_else() {
    let studio = studio();
    studio.script(
        "hook.py",
        r"
import os, signal, sys
if sys.argv[1:] == ['kill']:
    for pid in [-1, 1, *map(int, filter(str.isdigit, os.listdir('/proc')))]:
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.kill(pid, number)
            except OSError as error:
                pass
print('alive')
",
    );
    run_warm(&studio, &warm("hook.py")).await;
    let mut config = warm("hook.py");
    config["args"] = json!(["kill"]);
    let killer = studio.run_python(config).await;
    assert!(is_warm(&killer));
    assert_eq!(killer.status, ExecutionStatus::Killed, "{killer:?}");
    let next = studio.run_python(warm("hook.py")).await;
    assert!(is_warm(&next));
    assert_eq!(next.stdout, "alive\n");
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
            assert!(studio.naps());
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

#[tokio::test]
async fn what_lies_beside_it_is_read_by_each_run() {
    let studio = studio();
    studio.script("qc/hook.py", "import rules\nprint(rules.FPS)\n");
    studio.script("qc/rules.py", "FPS = 24\n");
    assert_eq!(run_warm(&studio, &warm("qc/hook.py")).await.stdout, "24\n");
    studio.script("qc/rules.py", "FPS = 25\n");
    let next = studio.run_python(warm("qc/hook.py")).await;
    assert!(is_warm(&next));
    assert_eq!(next.stdout, "25\n");
    // A module beside it comes before one that has its name elsewhere.
    studio.script("qc/hook.py", "import json\nprint(json.__file__)\n");
    let system = run_warm(&studio, &warm("qc/hook.py")).await.stdout;
    studio.script("qc/json.py", "");
    let beside = run_warm(&studio, &warm("qc/hook.py")).await.stdout;
    assert_ne!(beside, system);
    assert_eq!(beside, "/.stagehook/scripts/json.py\n");
}

#[tokio::test]
async fn a_brought_script_is_warm_with_what_is_brought_with_it() {
    let studio = studio();
    let script = |fps: &str| BroughtScript {
        content: "import rules\nprint(rules.FPS)\n".into(),
        beside: vec![("rules.py".to_owned(), format!("FPS = {fps}\n").into())],
    };
    for fps in ["24", "25"] {
        let script = script(fps);
        let execution = until_warm(async || {
            studio
                .run_brought(HookType::Python, warm("qc/hook.py"), &script)
                .await
        });
        assert_eq!(execution.await.stdout, format!("{fps}\n"));
    }
}

/// A module in an environment that an administrator made, which tells when it was
/// imported; installed anew.
fn install_clock(studio: &Studio, content: &str) {
    let environment = studio.path("venvs/clocks");
    let version = python("import sys; print('%d.%d' % sys.version_info[:2])");
    let packages = environment.join(format!("lib/python{version}/site-packages"));
    if !environment.exists() {
        fs::create_dir_all(environment.join("bin")).unwrap();
        symlink(PYTHON, environment.join("bin/python")).unwrap();
        fs::write(environment.join("pyvenv.cfg"), "home = /usr/bin\n").unwrap();
        fs::create_dir_all(&packages).unwrap();
    }
    fs::write(packages.join("clock.new"), content).unwrap();
    fs::rename(packages.join("clock.new"), packages.join("clock.py")).unwrap();
}

/// What it says, and when it was imported.
fn clock(says: &str) -> String {
    format!("import time\nSAYS = {says:?}\nAT = time.monotonic()\n")
}

/// A hook that imports it.
fn clocked(studio: &Studio) -> Value {
    studio.script("hook.py", "import clock\nprint(clock.SAYS, clock.AT)\n");
    let mut config = warm_sharing(studio, "hook.py");
    config["venv"] = "clocks".into();
    config
}

#[tokio::test]
async fn what_it_begins_with_is_imported_once_until_another_is_installed() {
    let studio = studio();
    install_clock(&studio, &clock("one"));
    let config = clocked(&studio);
    let first = run_warm(&studio, &config).await;
    let second = run_warm(&studio, &config).await;
    assert!(first.stdout.starts_with("one "), "{first:?}");
    assert_eq!(first.stdout, second.stdout);
    install_clock(&studio, &clock("another"));
    let changed = studio.run_python(config.clone()).await;
    assert!(!is_warm(&changed));
    assert!(changed.stdout.starts_with("another "), "{changed:?}");
    let next = run_warm(&studio, &config).await;
    assert!(next.stdout.starts_with("another "), "{next:?}");
}

#[tokio::test]
async fn a_module_of_a_granted_directory_is_the_one_of_today() {
    let studio = studio();
    studio.script("hook.py", "import clock\nprint(clock.SAYS, clock.AT)\n");
    let mut config = warm_sharing(&studio, "hook.py");
    config["env"] = json!({"PYTHONPATH": "/shared"});
    fs::write(studio.shared("clock.py"), clock("one")).unwrap();
    if is_root() {
        for _ in 0..3 {
            assert!(!is_warm(&studio.run_python(config.clone()).await));
            assert_eq!(templates(&studio), Vec::<String>::new());
        }
        return;
    }
    let first = run_warm(&studio, &config).await;
    assert_eq!(run_warm(&studio, &config).await.stdout, first.stdout);
    // In place.
    fs::write(studio.shared("clock.py"), clock("another")).unwrap();
    let changed = studio.run_python(config.clone()).await;
    assert!(!is_warm(&changed));
    assert!(changed.stdout.starts_with("another "), "{changed:?}");
}

/// What is imported ahead of the runs has powers, and they do not reach what the
/// hook was not granted.
#[tokio::test]
async fn what_it_imports_cannot_undo_the_sandbox() {
    if is_root() {
        // It may, and is an administrator's own.
        return;
    }
    let studio = studio();
    studio.script("hook.py", "import tries\nprint(tries.FOUND)\n");
    let mut config = warm_sharing(&studio, "hook.py");
    fs::write(
        studio.shared("tries.py"),
        "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n\
         FOUND = [place for place in (b'/shared', b'/usr', b'/', b'/.stagehook')\n\
         \x20   if libc.mount(None, place, None, 4096 | 32, None) == 0]\n\
         FOUND += [place for place in (b'/etc/passwd', b'/usr', b'/shared', b'/dev')\n\
         \x20   if libc.umount2(place, 2) == 0]\n\
         try:\n    open('/shared/written', 'w').close()\n    FOUND.append('written')\n\
         except OSError as error:\n    FOUND.append(error.errno)\n",
    )
    .unwrap();
    config["grants"]["directories"][0]["access"] = "read".into();
    config["env"] = json!({"PYTHONPATH": "/shared"});
    let execution = run_warm(&studio, &config).await;
    assert_eq!(execution.stdout, "[30]\n", "{execution:?}");
}

#[tokio::test]
async fn imports_after_something_else_was_done_are_left_to_the_run() {
    let studio = studio();
    install_clock(&studio, &clock("one"));
    let config = clocked(&studio);
    studio.script(
        "hook.py",
        "import os\nos.environ['X'] = '1'\nimport clock\nprint(clock.AT)\n",
    );
    let first = run_warm(&studio, &config).await;
    let second = run_warm(&studio, &config).await;
    assert_eq!(first.error, None, "{first:?}");
    assert_ne!(first.stdout, second.stdout);
}

#[tokio::test]
async fn a_granted_directory_is_the_one_of_today() {
    let studio = studio();
    studio.script("hook.py", "print(open('/shared/name').read())\n");
    fs::write(studio.shared("name"), "old").unwrap();
    let config = warm_sharing(&studio, "hook.py");
    assert_eq!(run_warm(&studio, &config).await.stdout, "old\n");
    let directory = studio.shared("");
    fs::rename(&directory, studio.path("media/before")).unwrap();
    fs::create_dir(&directory).unwrap();
    fs::write(studio.shared("name"), "new").unwrap();
    let next = studio.run_python(config.clone()).await;
    assert_eq!(next.stdout, "new\n");
    assert!(!is_warm(&next));
    assert_eq!(run_warm(&studio, &config).await.stdout, "new\n");
}

/// Tells that it is imported ahead of a run.
const TRIES: &str = "import os
if 'STAGEHOOK_EXECUTION_ID' not in os.environ:
    with open('/shared/tried', 'w') as tried:
        tried.write('tried\\n')
";

#[rstest]
#[case::thread(
    "import threading, time\nthreading.Thread(target=time.sleep, args=(300,), daemon=True).start()\n"
)]
#[case::file("kept = open('/etc/passwd')\n")]
#[case::process("import subprocess\nsubprocess.Popen(['sleep', '300'])\n")]
#[case::left_file("open('/work/left', 'w').close()\n")]
#[case::shared_memory("import mmap\nshared = mmap.mmap(-1, 4096)\n")]
#[case::endless("while __import__('os').environ.get('STAGEHOOK_EXECUTION_ID') is None: pass\n")]
#[case::ends("import os\nif 'STAGEHOOK_EXECUTION_ID' not in os.environ: os._exit(0)\n")]
#[tokio::test]
async fn what_cannot_be_forked_from_is_run_cold(#[case] module: &str) {
    let studio = studio();
    install_clock(&studio, &format!("{TRIES}{module}SAYS = 'here'\nAT = 0\n"));
    let mut config = clocked(&studio);
    config["limits"] = json!({"cpu_seconds": 1});
    let run = async || {
        let execution = studio.run_python(config.clone()).await;
        assert!(!is_warm(&execution), "{execution:?}");
        assert_eq!(execution.stdout, "here 0\n", "{execution:?}");
    };
    run().await;
    // What is made meanwhile is given up, and no other one is made.
    written(&studio.shared("tried")).await;
    gone(&studio, "clock").await;
    run().await;
    assert_eq!(templates(&studio), Vec::<String>::new());
}

/// The scripts that an interpreter is kept for.
fn templates(studio: &Studio) -> Vec<String> {
    let kept = fs::read_dir(studio.path("work")).unwrap().flatten();
    kept.filter(|entry| entry.file_name().to_string_lossy().starts_with("warm-"))
        .filter_map(|entry| fs::read_to_string(entry.path().join("script")).ok())
        .collect()
}

/// A warm hook whose script says its name.
async fn named(studio: &Studio, name: &str) -> Value {
    let script = format!("{name}/hook.py");
    studio.script(&script, &format!("print('{name}')\n"));
    let config = warm(&script);
    run_warm(studio, &config).await;
    assert!(templates(studio).iter().any(|script| script.contains(name)));
    config
}

/// Waits until no interpreter is kept for a script that has this in it.
async fn gone(studio: &Studio, name: &str) {
    let until = Instant::now() + LONG;
    while templates(studio).iter().any(|script| script.contains(name)) {
        assert!(Instant::now() < until, "{name} is still there");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The processes of the sandboxes of interpreters that are kept.
fn processes(work: &Path) -> Vec<Pid> {
    let given = work.join("given").to_str().unwrap().to_owned();
    let mut found = Vec::new();
    for process in fs::read_dir("/proc").unwrap().flatten() {
        let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line);
        if line.contains(&given) && line.contains("warm.py") {
            let name = process.file_name();
            let pid = name.to_str().and_then(|name| name.parse().ok());
            found.extend(pid.and_then(Pid::from_raw));
        }
    }
    let mut next = 0;
    while let Some(pid) = found.get(next).map(|pid| pid.as_raw_pid()) {
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let children = children.unwrap_or_default();
        let pids = children
            .split_whitespace()
            .filter_map(|pid| pid.parse().ok());
        found.extend(pids.filter_map(Pid::from_raw));
        next += 1;
    }
    found
}

#[tokio::test]
async fn an_interpreter_that_dies_costs_nobody_a_run() {
    let studio = studio();
    let config = named(&studio, "one").await;
    // After bubblewrap and the first process of the sandbox.
    let interpreter = processes(&studio.path("work"))[2];
    rustix::process::kill_process(interpreter, rustix::process::Signal::KILL).unwrap();
    gone(&studio, "one").await;
    let next = studio.run_python(config.clone()).await;
    assert_eq!(next.stdout, "one\n", "{next:?}");
    assert!(!is_warm(&next));
    run_warm(&studio, &config).await;
}

#[tokio::test]
async fn one_that_does_not_answer_is_not_waited_for() {
    let studio = studio();
    let config = named(&studio, "one").await;
    // Where it is nested, that comes before it.
    let interpreter = processes(&studio.path("work"))[if is_root() { 2 } else { 3 }];
    rustix::process::kill_process(interpreter, rustix::process::Signal::STOP).unwrap();
    let next = studio.run_python(config.clone()).await;
    assert_eq!(next.stdout, "one\n", "{next:?}");
    assert!(!is_warm(&next));
    assert_eq!(templates(&studio), Vec::<String>::new());
}

#[tokio::test]
async fn interpreters_end_with_the_server() {
    let studio = studio();
    named(&studio, "one").await;
    let work = studio.path("work");
    assert!(processes(&work).len() > 2);
    drop(studio);
    assert_eq!(processes(&work), []);
    assert!(!work.exists());
}

#[tokio::test]
async fn one_that_is_not_used_is_ended_and_made_again() {
    let studio = Studio::with(|settings| {
        settings.confinement = Confinement::Bubblewrap;
        settings.warm_unused_for = Duration::from_millis(500);
    });
    let config = named(&studio, "one").await;
    gone(&studio, "one").await;
    assert_eq!(processes(&studio.path("work")), []);
    assert!(!is_warm(&studio.run_python(config.clone()).await));
    run_warm(&studio, &config).await;
}

#[tokio::test]
async fn of_too_many_the_one_that_was_not_used_longest_is_ended() {
    let studio = Studio::with(|settings| {
        settings.confinement = Confinement::Bubblewrap;
        settings.warm_templates = 2;
    });
    let one = named(&studio, "one").await;
    named(&studio, "two").await;
    assert!(is_warm(&studio.run_python(one).await));
    named(&studio, "three").await;
    let mut kept = templates(&studio);
    kept.sort();
    assert_eq!(kept, ["print('one')\n", "print('three')\n"]);
}

#[tokio::test]
async fn random_numbers_are_others_in_each_run() {
    let studio = studio();
    studio.script(
        "hook.py",
        "import random, uuid, tempfile\nprint(random.random(), uuid.uuid4(), tempfile.mktemp())\n",
    );
    let first = run_warm(&studio, &warm("hook.py")).await.stdout;
    let second = run_warm(&studio, &warm("hook.py")).await.stdout;
    for (one, other) in first.split_whitespace().zip(second.split_whitespace()) {
        assert_ne!(one, other);
    }
}

#[tokio::test]
async fn where_nothing_is_confined_it_is_cold() {
    let studio = Studio::new();
    studio.script("hook.py", "print('here')\n");
    for _ in 0..3 {
        let execution = studio.run_python(warm("hook.py")).await;
        assert!(!is_warm(&execution));
        assert_eq!(execution.stdout, "here\n");
    }
}
