"""Puts the example's project and hooks on a server, or finds them there."""

import hashlib
import os
from pathlib import Path

from stagehook import Problem

PROJECT = "Big Buck Bunny"
# The loudness rule holds for scenes of the second type alone.
SCENE_TYPES = ("dailies", "review")
TRACKER_SECRET = "tracker"
TRACKER_SECRET_VARIABLE = "STAGEHOOK_SECRET_TRACKER"

ROOT = Path(__file__).resolve().parents[2]
COMPONENTS = ROOT / "target/wasm32-wasip2/release"
PLUGINS = ("media-probe", "loudness-gate")
LOGO = Path(__file__).resolve().parent / "media/watermark.png"


class NotReady(Exception):
    """Something that the example needs is missing on this machine."""


def project_and_scene_types(server):
    """Their ids: the project's, and the scene types' by name."""
    project = named(server, "/projects", {"name": PROJECT})
    scenes = {
        name: named(server, "/scene-types", {"name": name, "project_id": project["id"]})["id"]
        for name in SCENE_TYPES
    }
    return project["id"], scenes


def named(server, path, wanted):
    for item in server.items(path):
        if all(item.get(key) == value for key, value in wanted.items()):
            return item
    return server.post(path, wanted)


def published(server, name):
    """The plugin's reference, `<name>@<version>`, uploading it if need be."""
    file = COMPONENTS / f"{name.replace('-', '_')}.wasm"
    if not file.is_file():
        raise NotReady(f"the plugin {file.name} is not built: run `make plugins`")
    component = file.read_bytes()
    digest = "sha256:" + hashlib.sha256(component).hexdigest()
    there = {plugin["name"]: plugin for plugin in server.items("/plugins")}.get(name)
    if there and there["digest"] == digest:
        return f"{there['name']}@{there['version']}"
    try:
        plugin = server.call("POST", "/plugins", component, content_type="application/wasm")
    except Problem as problem:
        # Published versions never change. A rebuilt plugin that kept its version
        # is no reason to stop: the one that is published does the same.
        if problem.kind != "/problems/plugin-version-taken":
            raise
        print(f"{name} was built anew with its old version: using {there['version']} as published")
        return f"{there['name']}@{there['version']}"
    print(f"uploaded plugin {plugin['name']} {plugin['version']} ({len(component) // 1024} KiB)")
    return f"{plugin['name']}@{plugin['version']}"


def wanted_hooks(project, scenes, plugins, tracker_url, brand):
    """Every hook of the example.

    Names repeat where a lower level replaces what a higher one set: the
    project's `naming` is used instead of the studio's.
    """
    studio = {"scope_type": "studio"}
    own_project = {"scope_type": "project", "scope_id": project}
    review = {"scope_type": "scene_type", "scope_id": scenes["review"]}
    logo = brand / LOGO.name

    probe = {"plugin": plugins["media-probe"], "grants": {"segment": "read"}, "limits": {"timeout_seconds": 10}}
    for point in ("post_variant", "post_segment"):
        yield studio | {
            "name": "media-probe", "hook_point": point, "hook_type": "wasm", "config": probe,
            "failure_mode": "block", "sort_order": 10,
            "description": "Reads codecs, size, frame rate and duration inside the sandbox.",
        }  # fmt: skip

    naming = {"hook_type": "python", "hook_point": "pre_segment", "name": "naming", "sort_order": 10}
    yield studio | naming | {
        "config": {"script_path": "naming.py", "args": ["{shot}_{number:03d}"]},
        "failure_mode": "block", "description": "Names a segment by the studio's rule.",
    }  # fmt: skip
    yield own_project | naming | {
        "config": {"script_path": "naming.py", "args": ["{shot}_{variant}_s{number:02d}"]},
        "failure_mode": "block", "description": "Names a segment by this project's rule.",
    }  # fmt: skip

    yield own_project | {
        "name": "watermark", "hook_type": "shell", "hook_point": "post_segment", "sort_order": 20,
        "config": {
            "script_path": "watermark.sh", "env": {"LOGO": str(logo)}, "timeout_seconds": 60,
            "grants": {
                "segment": "write",
                "directories": [{"host": str(brand), "guest": str(brand), "access": "read"}],
            },
        },
        "failure_mode": "warn", "description": "Lays the project's mark over the picture.",
    }  # fmt: skip

    for point in ("post_segment", "post_delivery"):
        yield studio | {
            "name": "checksums", "hook_type": "python", "hook_point": point, "sort_order": 30,
            "config": {"script_path": "checksums.py", "grants": {"segment": "read"}},
            "failure_mode": "warn", "description": "SHA-256 of the file and of what hooks made of it.",
        }  # fmt: skip

    yield review | {
        "name": "loudness", "hook_type": "wasm", "hook_point": "post_segment", "sort_order": 40,
        "config": {
            "plugin": plugins["loudness-gate"], "grants": {"segment": "read"},
            "settings": {"max_true_peak_dbtp": -15, "file": "{stem}.wav"},
        },
        "failure_mode": "block", "description": "Halts where the sound peaks above the limit.",
    }  # fmt: skip

    yield studio | {
        "name": "segment-order", "hook_type": "python", "hook_point": "pre_concatenation",
        "config": {"script_path": "segment_order.py", "grants": {"segment": "read"}},
        "failure_mode": "block", "sort_order": 10,
        "description": "All segments there, unchanged since their checksum, without a gap.",
    }  # fmt: skip

    webhook = {"url": tracker_url, "timeout_seconds": 5}
    if os.environ.get(TRACKER_SECRET_VARIABLE):
        webhook["secret"] = TRACKER_SECRET
    for point in ("post_variant", "post_segment", "post_delivery"):
        yield studio | {
            "name": "tracker", "hook_type": "webhook", "hook_point": point, "config": webhook,
            "failure_mode": "warn", "sort_order": 90,
            "description": "Tells the production tracker.",
        }  # fmt: skip


def install(server, hooks):
    """Creates what is missing and updates what differs."""
    there = {identity(hook): hook for hook in server.items("/hooks")}
    counts = {"created": 0, "updated": 0, "unchanged": 0}
    for wanted in hooks:
        found = there.get(identity(wanted))
        if found is None:
            server.post("/hooks", wanted)
            counts["created"] += 1
        elif agrees(found, wanted | {"enabled": True}):
            counts["unchanged"] += 1
        else:
            server.put(f"/hooks/{found['id']}", wanted | {"enabled": True, "version": found["version"]})
            counts["updated"] += 1
    print("hooks: " + ", ".join(f"{n} {what}" for what, n in counts.items()))


def identity(hook):
    """What makes a hook unique: name, trigger, scope."""
    return hook["name"], hook.get("hook_point"), hook["scope_type"], hook.get("scope_id")


def agrees(found, wanted):
    """Whether all that is wanted is so; the server may have added defaults."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(agrees(found.get(key), value) for key, value in wanted.items())
    return found == wanted
