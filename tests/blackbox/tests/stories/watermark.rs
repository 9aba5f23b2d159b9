//! A studio's watermark: a Python script with a package of its own stamps a real
//! frame, in a sandbox that has no network. REQ-SCR-3, REQ-SCR-6

use futures_util::StreamExt as _;
use reqwest::Method;
use serde_json::{Value, json};
use stagehook_tests::patience::PATIENCE;
use stagehook_tests::server::{TOKEN, command};
use stagehook_tests::{Database, Setup, Studio, on_both_databases};
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

on_both_databases!(a_script_with_pillow_stamps_a_frame_and_reaches_nobody);

const PILLOW: &str = "pillow==11.3.0";
const PYTHON: &str = "/usr/bin/python3";
/// Of a frame of the example's clip, in pixels.
const FRAME: (usize, usize) = (1280, 720);
/// Of the example's watermark.
const MARK: (usize, usize) = (185, 35);
/// From the mark to the right and the lower edge of the frame.
const MARGIN: usize = 32;

const STAMP: &str = r#"
import os

import stagehook
from PIL import Image

MARGIN = 32

with Image.open(stagehook.segment_path) as file:
    frame = file.convert("RGB")
with Image.open("/brand/watermark.png") as file:
    mark = file.convert("RGBA")
frame.paste(mark, (frame.width - mark.width - MARGIN, frame.height - mark.height - MARGIN), mark)
stamped = os.path.splitext(stagehook.segment_path)[0] + ".stamped.png"
frame.save(stamped, compress_level=1)
stagehook.artifact(os.path.basename(stamped), mime="image/png")
stagehook.passed(f"stamped {frame.width}x{frame.height}", metadata={"stamped": True})
"#;

/// Connects to this machine's own port.
const CALL_HOME: &str = r#"
import socket
import sys

from PIL import Image

with Image.open("/segment/frame.png") as frame:
    print("opened", frame.size)
socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=10).sendall(frame.mode.encode())
print("called home")
"#;

/// Pillow as a wheel for the Python of this machine: fetched once, by pip, from
/// wherever packages are on this machine, and kept beside what is built.
fn pillow() -> PathBuf {
    let python = Command::new(PYTHON).arg("--version").output().unwrap();
    let python = String::from_utf8(python.stdout).unwrap();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let kept = target.join(format!("{PILLOW} for {}", python.trim()));
    // One process a test.
    let lock = File::create(target.join("pillow.lock")).unwrap();
    lock.lock().unwrap();
    if !kept.is_dir() {
        let fetched = TempDir::new_in(target).unwrap();
        let venv = fetched.path().join("venv");
        let made = Command::new(PYTHON)
            .args(["-m", "venv"])
            .arg(&venv)
            .status();
        assert!(made.unwrap().success());
        let wheels = fetched.path().join("wheels");
        let pip = Command::new(venv.join("bin/pip"))
            .args(["download", "--quiet", "--only-binary=:all:", "--no-deps"])
            .arg("--dest")
            .arg(&wheels)
            .arg(PILLOW)
            .status();
        assert!(
            pip.unwrap().success(),
            "pip cannot fetch {PILLOW}, which this test needs once: see why"
        );
        fs::rename(wheels, &kept).unwrap();
    }
    kept
}

/// The one package that the server can have.
fn index() -> TempDir {
    let index = TempDir::new().unwrap();
    for wheel in fs::read_dir(pillow()).unwrap().flatten() {
        fs::copy(wheel.path(), index.path().join(wheel.file_name())).unwrap();
    }
    index
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples/pipeline/media")
        .join(name)
}

fn ffmpeg(input: &Path, arguments: &[&str]) -> Command {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-nostdin", "-v", "error", "-i"]).arg(input);
    ffmpeg.args(arguments).stdin(Stdio::null());
    ffmpeg
}

/// The pixels of an image, as a decoder that is not the script's sees them.
fn pixels(image: &Path, format: &str) -> Vec<u8> {
    let output = ffmpeg(image, &["-f", "rawvideo", "-pix_fmt", format, "-"]).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

/// What the command answers; it must end with 0.
async fn printed(studio: &Studio, arguments: &[&str]) -> Value {
    let mut command = command(studio.layout(), &[arguments, &["--json"]].concat());
    command
        .env("STAGEHOOK_SERVER", studio.address())
        .env("STAGEHOOK_TOKEN", TOKEN);
    let mut command = tokio::process::Command::from(command);
    let output = command.kill_on_drop(true).output().await.unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Pushes a script; its path.
async fn pushed(studio: &Studio, name: &str, text: &str) -> String {
    fs::write(studio.layout().root().join(name), text).unwrap();
    let told = printed(studio, &["script", "push", name, "--dir", "brand"]).await;
    let path = told["items"][0]["path"].as_str().unwrap();
    assert_eq!(path, format!("brand/{name}"));
    path.to_owned()
}

/// Creates a hook, and hears what its environment's installer says meanwhile,
/// until it has said this.
async fn created_and_heard(studio: &Studio, hook: &Value, said: &str) -> Value {
    let stream = studio.request(Method::GET, "/events/stream?event=environment_progress");
    let stream = stream.send().await.unwrap();
    assert_eq!(stream.status(), 200);
    let mut stream = stream.bytes_stream();
    let hear = async {
        let mut heard = String::new();
        while !heard.contains(said) {
            let bytes = stream.next().await.unwrap().unwrap();
            heard.push_str(&String::from_utf8_lossy(&bytes));
        }
        heard
    };
    let hook = hook.to_string();
    let create = ["hook", "create", &hook];
    let (created, heard) = tokio::join!(
        printed(studio, &create),
        tokio::time::timeout(PATIENCE, hear)
    );
    let heard = heard.expect("the installer was not heard");
    assert!(heard.contains(r#""hook_name":"watermark""#), "{heard}");
    created
}

async fn a_script_with_pillow_stamps_a_frame_and_reaches_nobody(on: Database) {
    let index = index();
    let setup = Setup::default()
        .confined()
        .variable("PIP_FIND_LINKS", index.path().to_str().unwrap())
        .variable("PIP_NO_INDEX", "1");
    let studio = Studio::with(on, setup).await;
    let world = studio.world().await;
    let media = studio.layout().media();
    for folder in ["brand", "job"] {
        fs::create_dir(media.join(folder)).unwrap();
    }
    fs::copy(example("watermark.png"), media.join("brand/watermark.png")).unwrap();
    let frame = media.join("job/frame.png");
    let one = ["-ss", "2", "-frames:v", "1", "-pix_fmt", "rgb24"];
    let cut = ffmpeg(&example("bigbuckbunny.mp4"), &one)
        .arg(&frame)
        .status();
    assert!(cut.unwrap().success());
    let before = fs::read(&frame).unwrap();

    let script = pushed(&studio, "stamp.py", STAMP).await;
    let grants = json!({
        "segment": "write",
        "directories": [{"host": media.join("brand"), "guest": "/brand", "access": "read"}],
    });
    let hook = json!({
        "name": "watermark", "hook_type": "python", "hook_point": "post_segment",
        "scope_type": "project", "scope_id": world.project, "failure_mode": "block",
        "config": {"script_path": script, "requirements": [PILLOW], "grants": grants},
    });
    created_and_heard(&studio, &hook, "11.3.0").await;
    // Nothing can be had any more: what runs has what was installed.
    drop(index);

    let job = world.job.to_string();
    let stage = [
        "stage",
        "run",
        "--job",
        &job,
        "--hook-point",
        "post_segment",
    ];
    let of_frame = ["--segment-path", frame.to_str().unwrap()];
    let answer = printed(&studio, &[&stage[..], &of_frame].concat()).await;
    assert_eq!(answer["verdict"], "proceed", "{answer:#}");
    assert_eq!(answer["metadata"], json!({"stamped": true}));
    let result = &answer["executions"][0]["result"];
    assert_eq!(result["message"], "stamped 1280x720");
    assert_eq!(result["artifacts"][0]["path"], "frame.stamped.png");
    assert_eq!(fs::read(&frame).unwrap(), before, "the frame itself stays");
    is_stamped(&frame, &media.join("job/frame.stamped.png"));

    // The same packages and grants, and somebody to call.
    let home = TcpListener::bind("127.0.0.1:0").unwrap();
    home.set_nonblocking(true).unwrap();
    let port = home.local_addr().unwrap().port().to_string();
    let script = pushed(&studio, "call_home.py", CALL_HOME).await;
    let calling = async |name: &str, network: bool| {
        let config = json!({
            "script_path": script, "requirements": [PILLOW], "args": [port],
            "grants": {"segment": "read", "network": network},
        });
        let hook = json!({
            "name": name, "hook_type": "python", "hook_point": "post_segment",
            "scope_type": "studio", "config": config,
        });
        let hook = printed(&studio, &["hook", "create", &hook.to_string()]).await;
        let path = format!("/hooks/{}/test", hook["id"]);
        let input = json!({"input": {"segment_path": frame}});
        studio.post(&path, &input).await.ok()
    };
    let log = calling("offline", false).await;
    assert_eq!(log["status"], "failed", "{log:#}");
    assert_eq!(log["stdout"], "opened (1280, 720)\n");
    let told = log["stderr"].as_str().unwrap();
    assert!(told.contains("create_connection"), "{told}");
    assert!(home.accept().is_err(), "somebody called");
    // The call is one that would be answered.
    let log = calling("online", true).await;
    assert_eq!(
        log["stdout"], "opened (1280, 720)\ncalled home\n",
        "{log:#}"
    );
    assert!(home.accept().is_ok());
}

/// The stamped frame is the frame, with the mark blended over its lower right
/// corner and nothing else changed.
#[track_caller]
fn is_stamped(frame: &Path, stamped: &Path) {
    let (width, height) = FRAME;
    let (frame, stamped) = (pixels(frame, "rgb24"), pixels(stamped, "rgb24"));
    assert_eq!(frame.len(), width * height * 3);
    assert_eq!(stamped.len(), frame.len());
    // Gray and opacity.
    let mark = pixels(&example("watermark.png"), "ya8");
    assert_eq!(mark.len(), MARK.0 * MARK.1 * 2);
    let (left, top) = (width - MARGIN - MARK.0, height - MARGIN - MARK.1);
    let mut changed = 0;
    for (number, (was, is)) in frame.chunks(3).zip(stamped.chunks(3)).enumerate() {
        let (x, y) = (number % width, number / width);
        let (gray, opacity) = match (x.checked_sub(left), y.checked_sub(top)) {
            (Some(x), Some(y)) if x < MARK.0 && y < MARK.1 => {
                let at = (y * MARK.0 + x) * 2;
                (i32::from(mark[at]), i32::from(mark[at + 1]))
            }
            _ => (0, 0),
        };
        for (&was, &is) in was.iter().zip(is) {
            let (was, is) = (i32::from(was), i32::from(is));
            let blended = (gray * opacity + was * (255 - opacity)) / 255;
            let off = (is - blended).abs();
            // Roundings differ by one.
            assert!(
                off <= i32::from(opacity > 0),
                "({x}, {y}): {was} became {is} under {gray} of opacity {opacity}"
            );
        }
        changed += usize::from(was != is);
    }
    assert!(changed > 500, "only {changed} pixels differ");
}
