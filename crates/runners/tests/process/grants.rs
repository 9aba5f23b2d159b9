//! What a confined script was granted, and not a bit more. REQ-SCR-6

use crate::studio::{LONG, Studio, input};
use rstest::rstest;
use serde_json::{Value, json};
use stagehook_core::config::HookType;
use stagehook_core::contract::HookInput;
use stagehook_core::execution::{Execution, ExecutionStatus};
use stagehook_runners::process::Confinement;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use tokio_util::sync::CancellationToken;

fn studio() -> Studio {
    let studio = Studio::confined(Confinement::Bubblewrap);
    fs::create_dir_all(studio.path("media/luts/more")).unwrap();
    fs::write(studio.path("media/luts/film.cube"), "LUT\n").unwrap();
    studio
}

fn luts(studio: &Studio, access: &str) -> Value {
    json!({"directories": [{
        "host": studio.path("media/luts").to_str().unwrap(),
        "guest": "/luts",
        "access": access,
    }]})
}

fn segment(studio: &Studio) -> HookInput {
    let path = studio.path("media/luts/film.cube");
    HookInput {
        segment_path: Some(path.to_str().unwrap().to_owned()),
        ..input()
    }
}

async fn sh(studio: &Studio, lines: &str, grants: Value, input: &HookInput) -> Execution {
    studio.script("hook.sh", lines);
    let config = json!({"script_path": "hook.sh", "grants": grants});
    studio.run_input(config, input).await
}

/// Everything below a directory, with its content.
fn tree(directory: &Path) -> Vec<(String, String)> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(directory).unwrap().flatten() {
        let path = entry.path();
        let kind = format!("{:?}", entry.metadata().unwrap().permissions());
        if entry.file_type().unwrap().is_dir() {
            entries.extend(tree(&path));
        }
        let content = fs::read_to_string(&path).unwrap_or_default();
        entries.push((path.display().to_string(), kind + &content));
    }
    entries.sort();
    entries
}

#[rstest]
#[case::create("echo x > /luts/new")]
#[case::append("echo x >> /luts/film.cube")]
#[case::truncate("truncate -s 0 /luts/film.cube")]
#[case::rename("mv /luts/film.cube /luts/other.cube")]
#[case::rename_out("mv /luts/film.cube /work/")]
#[case::rename_in("echo x > film.cube; mv -f film.cube /luts/film.cube")]
#[case::remove("rm -f /luts/film.cube")]
#[case::remove_directory("rmdir /luts/more/")]
#[case::make_directory("mkdir /luts/new/")]
#[case::hard_link("ln /luts/film.cube /luts/more/film.cube")]
#[case::hard_link_out("ln /luts/film.cube /work/own && echo x >> own")]
#[case::symbolic_link("ln -s /luts/film.cube own && echo x >> own")]
#[case::symbolic_link_in("ln -s /etc/passwd /luts/link")]
#[case::mode("chmod 777 /luts/film.cube")]
#[case::time("touch -d @0 /luts/film.cube")]
#[case::through_the_root("echo x >> /proc/self/root/luts/film.cube")]
#[case::through_a_descriptor("exec 3< /luts/film.cube; echo x >> /proc/self/fd/3")]
#[case::fifo("mkfifo /luts/fifo")]
#[case::mount("mount -o remount,rw /luts && echo x > /luts/new")]
#[case::another_user_namespace("unshare -Ur sh -c 'mount -o remount,rw /luts; echo x > /luts/new'")]
#[tokio::test]
async fn what_is_granted_to_be_read_cannot_be_changed(#[case] lines: &str) {
    let studio = studio();
    let before = tree(&studio.path("media"));
    let grants = luts(&studio, "read");
    let execution = sh(
        &studio,
        &format!("set -e\ncat /luts/film.cube\n{lines}"),
        grants,
        &input(),
    )
    .await;
    assert_eq!(execution.status, ExecutionStatus::Failed, "{execution:?}");
    assert_eq!(execution.stdout, "LUT\n");
    assert_eq!(tree(&studio.path("media")), before);
}

#[tokio::test]
async fn what_is_granted_to_be_written_can_be_changed() {
    let studio = studio();
    let lines =
        "set -e; cd /luts; echo x > new; mv film.cube more/; ln new linked; truncate -s 1 new";
    let grants = luts(&studio, "write");
    let execution = sh(&studio, lines, grants, &input()).await;
    assert_eq!(execution.error, None, "{execution:?}");
    let read = |name: &str| fs::read_to_string(studio.path("media/luts").join(name)).unwrap();
    assert_eq!(read("more/film.cube"), "LUT\n");
    assert_eq!(read("linked"), "x");
}

#[tokio::test]
async fn nothing_else_can_be_written() {
    let studio = studio();
    let lines = "for place in / /usr /etc /dev /proc /sys /.stagehook /luts/..; do
            (: > $place/x) 2> /dev/null && echo $place
        done; (: > /dev/sda) 2> /dev/null && echo disk
        for place in /work /tmp /dev/shm; do : > $place/x || echo not $place; done; exit 0";
    let execution = sh(&studio, lines, luts(&studio, "read"), &input()).await;
    assert_eq!(execution.stdout, "", "{execution:?}");
    assert_eq!(execution.status, ExecutionStatus::Passed);
}

#[tokio::test]
async fn it_is_nobody_and_alone() {
    let studio = studio();
    let lines = "id -u; hostname; pwd; echo $HOME
        grep -c . /proc/net/dev; ls -d /proc/[0-9]* | wc -l
        grep -E 'Cap(Eff|Prm|Inh)' /proc/self/status | tr -d '\\n'; echo
        grep NoNewPrivs /proc/self/status
        unshare -U true 2> /dev/null || echo no namespaces";
    let execution = sh(&studio, lines, json!({}), &input()).await;
    let lines: Vec<&str> = execution.stdout.lines().collect();
    // Two lines of head, and loopback. The first process, the shell, and the
    // two of the pipe.
    assert_eq!(lines[..5], ["65534", "stagehook", "/work", "/work", "3"]);
    assert!(lines[5].parse::<u32>().unwrap() <= 5, "{lines:?}");
    let none = "0000000000000000";
    let powers = format!("CapInh:\t{none}CapPrm:\t{none}CapEff:\t{none}");
    assert_eq!(lines[6..], [&powers, "NoNewPrivs:\t1", "no namespaces"]);
}

#[rstest]
#[case::outside("/etc")]
#[case::the_root("/")]
#[case::missing("MEDIA/missing")]
#[case::a_link_that_leads_out("MEDIA/out")]
#[tokio::test]
async fn what_is_not_below_a_media_root_cannot_be_granted(#[case] host: &str) {
    let studio = studio();
    symlink("/etc", studio.path("media/out")).unwrap();
    let host = host.replace("MEDIA", studio.path("media").to_str().unwrap());
    let grants = json!({"directories": [{"host": host, "guest": "/luts", "access": "read"}]});
    let execution = sh(&studio, "cat /luts/passwd", grants, &input()).await;
    assert_eq!(execution.status, ExecutionStatus::Refused);
    assert_eq!(execution.stdout, "");
    let error = execution.error.unwrap();
    assert!(error.contains("grants.directories[0]"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_is_swapped_in_a_loop_never_leads_out() {
    let studio = studio();
    fs::create_dir(studio.path("outside")).unwrap();
    fs::write(studio.path("outside/film.cube"), "outside\n").unwrap();
    let (place, aside, link) = (
        studio.path("media/luts"),
        studio.path("media/aside"),
        studio.path("media/link"),
    );
    symlink(studio.path("outside"), &link).unwrap();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                fs::rename(&place, &aside).unwrap();
                fs::rename(&link, &place).unwrap();
                fs::rename(&place, &link).unwrap();
                fs::rename(&aside, &place).unwrap();
            }
        });
        tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(async {
                let until = Instant::now() + LONG;
                let (mut inside, mut refused) = (0, 0);
                while (inside == 0 || refused == 0 || inside + refused < 40)
                    && Instant::now() < until
                {
                    let grants = luts(&studio, "read");
                    let execution = sh(&studio, "cat /luts/film.cube", grants, &input()).await;
                    assert_ne!(execution.stdout, "outside\n");
                    inside += u32::from(execution.stdout == "LUT\n");
                    refused += u32::from(execution.status == ExecutionStatus::Refused);
                }
                over.store(true, Ordering::Relaxed);
                assert!(
                    inside > 0 && refused > 0,
                    "{inside} inside, {refused} refused"
                );
            });
        });
    });
}

#[tokio::test]
async fn a_script_cannot_put_a_link_where_the_next_is_granted_a_directory() {
    let studio = studio();
    let write = luts(&studio, "write");
    let first = sh(
        &studio,
        "rmdir /luts/more; ln -s /etc /luts/more",
        write,
        &input(),
    )
    .await;
    assert_eq!(first.status, ExecutionStatus::Passed, "{first:?}");
    let more = studio.path("media/luts/more");
    let grants = json!({"directories": [
        {"host": more.to_str().unwrap(), "guest": "/more", "access": "write"},
    ]});
    let second = sh(&studio, "cat /more/passwd", grants, &input()).await;
    assert_eq!(second.status, ExecutionStatus::Refused, "{second:?}");
}

#[tokio::test]
async fn the_segment_is_told_by_the_name_it_has_in_the_sandbox() {
    let studio = studio();
    let lines = "cat $STAGEHOOK_SEGMENT_PATH; echo $STAGEHOOK_SEGMENT_PATH
        grep -o '\"segment_path\":\"[^\"]*\"' $STAGEHOOK_INPUT_FILE
        grep -o '\"segment_path\":\"[^\"]*\"'; : > /segment/new && echo written; exit 0";
    let told = |path: &str| {
        format!(
            "LUT\n{path}\n{0}\n{0}\n",
            format!("\"segment_path\":\"{path}\"")
        )
    };
    let input = segment(&studio);

    let read = sh(&studio, lines, json!({"segment": "read"}), &input).await;
    assert_eq!(read.stdout, told("/segment/film.cube"), "{read:?}");

    let written = sh(&studio, lines, json!({"segment": "write"}), &input).await;
    assert_eq!(written.stdout, told("/segment/film.cube") + "written\n");
    assert!(studio.path("media/luts/new").exists());

    let granted = sh(&studio, lines, luts(&studio, "read"), &input).await;
    assert_eq!(granted.stdout, told("/luts/film.cube"), "{granted:?}");

    // Without a grant it is a name, and no more.
    let ungranted = sh(&studio, lines, json!({}), &input).await;
    let path = input.segment_path.as_deref().unwrap();
    assert_eq!(ungranted.stdout, told(path).strip_prefix("LUT\n").unwrap());
}

#[tokio::test]
async fn python_has_the_same() {
    let studio = studio();
    studio.script(
        "hook.py",
        "import os, mmap
print(open(os.environ['STAGEHOOK_SEGMENT_PATH']).read())
for attempt in (
    lambda: open('/segment/film.cube', 'r+'),
    lambda: open('/segment/new', 'x'),
    lambda: os.rename('/segment/film.cube', '/segment/other'),
    lambda: os.link('/segment/film.cube', '/segment/other'),
    lambda: os.truncate('/segment/film.cube', 0),
    lambda: os.open('/segment', os.O_TMPFILE | os.O_RDWR),
    lambda: os.setxattr('/segment/film.cube', 'user.x', b''),
    lambda: os.chroot('/segment'),
    lambda: os.setuid(0),
    lambda: os.unshare(0x10000000) if hasattr(os, 'unshare') else os.chroot('/'),
):
    try:
        attempt()
    except OSError:
        continue
    print('done')
",
    );
    let before = tree(&studio.path("media"));
    let never = CancellationToken::new();
    let config = json!({"script_path": "hook.py", "grants": {"segment": "read"}});
    let input = segment(&studio);
    let execution = studio
        .run_with(HookType::Python, config, &input, LONG, &never)
        .await;
    assert_eq!(execution.stdout, "LUT\n\n", "{execution:?}");
    assert_eq!(tree(&studio.path("media")), before);
}
