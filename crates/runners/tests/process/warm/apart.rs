//! Nothing of one run gets to another, and none has powers.

use super::imports::{clocked, install_clock};
use super::{is_warm, run_warm, studio, warm, warm_sharing};
use crate::studio::written;
use serde_json::json;
use stagehook_core::config::HookType;
use stagehook_core::execution::ExecutionStatus;
use std::fs;

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

/// Watches from its second fork on, which is the first run (one is made to try
/// it), what happens where runs have their directories; the next run can tell.
const WATCHES: &str = r"
import ctypes, os, struct

libc = ctypes.CDLL(None)
CREATED, MOVED_HERE, CHANGED = 0x100, 0x80, 0x2
forks, descriptor, seen = 0, None, []

def watch():
    global forks, descriptor
    forks += 1
    if forks == 2:
        descriptor = libc.inotify_init1(os.O_NONBLOCK)
        libc.inotify_add_watch(descriptor, b'/.stagehook/runs', CREATED | MOVED_HERE | CHANGED)
    if forks == 3:
        events = os.read(descriptor, 65536)
        while events:
            _, mask, _, length = struct.unpack_from('iIII', events)
            name = events[16:16 + length].rstrip(b'\0').decode()
            seen.append('%s %x' % (name[:4], mask & 0xfff))
            events = events[16 + length:]

os.register_at_fork(before=watch)
";

/// Otherwise it could put links where the server is about to write.
#[tokio::test]
async fn a_template_sees_no_directory_of_a_run_before_that_is_complete() {
    let studio = studio();
    install_clock(&studio, &format!("{WATCHES}SAYS = ''\nAT = 0\n"));
    let config = clocked(&studio);
    studio.script("hook.py", "import clock\nprint(clock.seen)\n");
    assert_eq!(run_warm(&studio, &config).await.stdout, "[]\n");
    let next = run_warm(&studio, &config).await;
    assert_eq!(next.stdout, "['run- 80']\n");
}
