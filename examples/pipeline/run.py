#!/usr/bin/env python3
"""A pipeline on a real clip that asks Stagehook at every stage.

    grade a variant           -> post_variant
    for each segment:         -> pre_segment, cut, post_segment
    order the segments        -> pre_concatenation, join
    pack a ZIP                -> post_delivery

With --halt the scene is of a type whose loudness rule blocks: the job halts, a
reviewer resumes it with a note, and the pipeline goes on to the delivery; with
--halt leave it stays for somebody to review.

Needs ffmpeg, a running server (`make run` starts one and calls this), and the
plugins media-probe and loudness-gate (`make plugins`). Python's standard library alone.
"""

import argparse
import os
import shutil
import sys
from pathlib import Path

import install
import media_steps as media
import tables
from stagehook import Problem, Stagehook, Unreachable
from tracker import Tracker

HERE = Path(__file__).resolve().parent
SHOT = "bbb_sh010"
VARIANT = "vintage"
WORKFLOW = {"name": "bunny-dailies", "version": "1.2.0", "parameters": {"look": media.LOOK}}
REVIEW_NOTE = "The peak is wanted here; it goes down in the final mix."


class Halted(Exception):
    """A stage halted and nobody is there to review it."""


class Pipeline:
    """One job, from the clip to the delivery."""

    def __init__(self, server, job, folder, review):
        self.server = server
        self.job = job["id"]
        self.folder = folder
        self.review = review
        self.halts = 0

    def deliver(self, clip, segments):
        variant, metadata = self.make_variant(clip)
        known = {"variant": metadata["variant"]}
        made = [
            self.make_segment(variant, number, span, known)
            for number, span in enumerate(spans(known["variant"]["duration_ms"], segments), start=1)
        ]
        film = self.join(made, known)
        return self.pack(film, made, known)

    def make_variant(self, clip):
        variant = self.folder / f"{SHOT}_{VARIANT}.mp4"
        media.grade(clip, variant)
        about = {"variant": {"name": VARIANT, "file_name": variant.name}}
        metadata = self.stage("post_variant", variant, about, label=variant.name)
        # How long the variant is, is what the sandboxed plugin has read.
        seconds = metadata.get("media", {}).get("duration_seconds")
        length = round(seconds * 1000) if seconds else media.duration_ms(variant)
        return variant, {"variant": about["variant"] | {"duration_ms": length}}

    def make_segment(self, variant, number, span, known):
        start, duration = span
        about = known | {"segment": {"number": number, "start_ms": start, "duration_ms": duration}}
        metadata = self.stage("pre_segment", variant, about, label=f"segment {number}")
        # The naming hook decides; without one the pipeline has a plain default.
        name = metadata["segment"].get("file_name") or f"{SHOT}_{number}.mp4"
        segment = self.folder / name
        media.cut(variant, segment, start, duration)
        media.extract_sound(segment, segment.with_suffix(".wav"))
        metadata = self.stage("post_segment", segment, metadata, label=name)
        chosen = self.made_of(segment)
        return metadata["segment"] | {
            "file_name": chosen.name,
            "sha256": metadata.get("sha256", {}).get(chosen.name),
            "media": metadata.get("media"),
            "loudness": metadata.get("loudness"),
        }

    def made_of(self, segment):
        """The file to go on with: what a hook made of the segment, or the segment."""
        for execution in reversed(self.run["executions"]):
            for artifact in (execution.get("result") or {}).get("artifacts") or []:
                if artifact.get("mime") == "video/mp4" and execution["success"]:
                    return segment.parent / artifact["path"]
        return segment

    def join(self, segments, known):
        edit = self.folder / f"{SHOT}_{VARIANT}.ffconcat"
        media.edit_list([self.folder / segment["file_name"] for segment in segments], edit)
        metadata = self.stage("pre_concatenation", edit, known | {"segments": segments}, label=edit.name)
        order = metadata.get("order") or [segment["file_name"] for segment in segments]
        media.edit_list([self.folder / name for name in order], edit)
        film = self.folder / f"{SHOT}_{VARIANT}_film.mp4"
        media.join(edit, film)
        return film

    def pack(self, film, segments, known):
        delivery = self.folder / f"{SHOT}_{VARIANT}_delivery.zip"
        files = [film, *(self.folder / segment["file_name"] for segment in segments)]
        media.pack(delivery, files, known | {"segments": segments, "workflow": WORKFLOW})
        about = known | {"delivery": {"file_name": delivery.name, "files": [file.name for file in files]}}
        metadata = self.stage("post_delivery", delivery, about, label=delivery.name)
        return delivery, film, metadata

    def stage(self, hook_point, file, metadata, label):
        """Ask the hooks of one stage; the metadata they leave is what goes on."""
        key = f"job-{self.job}-{hook_point}-{label.replace(' ', '-')}"
        self.run = self.server.run_stage(
            self.job, hook_point, segment_path=str(file), metadata=metadata,
            scene_context={"location": "meadow", "time_of_day": "noon"}, key=key,
        )  # fmt: skip
        tables.show_run(label, self.run)
        if self.run["verdict"] != "proceed":
            self.halted(label)
        return self.run["metadata"]

    def halted(self, label):
        self.halts += 1
        tables.show_halt(self.run, self.server.get(f"/jobs/{self.job}"))
        if not self.review:
            raise Halted(
                f"job {self.job} halted at {label}. Look at it, then resume or reject it:\n"
                f'  POST {self.server.server}/api/v1/jobs/{self.job}/review {{"decision": "resume", "note": "..."}}'
            )
        print(f'  review: resume, "{REVIEW_NOTE}"')
        job = self.server.post(f"/jobs/{self.job}/review", {"decision": "resume", "note": REVIEW_NOTE})
        print(f"  job {self.job} is {job['status']} again, reviewed by {job['review']['reviewer']}")


def spans(length_ms, count):
    """Start and duration of each of `count` segments, without a gap."""
    marks = [round(length_ms * i / count) for i in range(count + 1)]
    return [(start, end - start) for start, end in zip(marks, marks[1:], strict=False)]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default=os.environ.get("STAGEHOOK_SERVER", "http://127.0.0.1:7878"))
    parser.add_argument("--token", default=os.environ.get("STAGEHOOK_TOKEN"), help="or STAGEHOOK_TOKEN")
    parser.add_argument("--clip", type=Path, default=HERE / "media/bigbuckbunny.mp4")
    parser.add_argument("--work", type=Path, required=True, help="where files go; below a --media-root of the server")
    parser.add_argument("--segments", type=int, default=3, choices=range(1, 21), metavar="1..20")
    parser.add_argument(
        "--halt", nargs="?", const="resume", choices=("resume", "leave"),
        help="be halted by a hook, and resumed by a reviewer, or left for one",
    )  # fmt: skip
    given = parser.parse_args()
    if not given.token:
        parser.error("no token: give --token or set STAGEHOOK_TOKEN")
    if not given.clip.is_file():
        parser.error(f"no such clip: {given.clip}")
    return given


def run(given):
    media.require_tools()
    server = Stagehook(given.server, given.token)
    work = given.work.resolve()
    brand = work / "brand"
    brand.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(install.LOGO, brand / install.LOGO.name)

    plugins = {name: install.published(server, name) for name in install.PLUGINS}
    project, scenes = install.project_and_scene_types(server)
    tracker = Tracker(os.environ.get(install.TRACKER_SECRET_VARIABLE))
    try:
        install.install(server, install.wanted_hooks(project, scenes, plugins, tracker.url, brand))
        job = server.post(
            "/jobs",
            {
                "project_id": project, "scene_type_id": scenes["review" if given.halt else "dailies"],
                "external_ref": SHOT, "workflow": WORKFLOW,
            },
        )  # fmt: skip
        folder = work / f"job-{job['id']}"
        folder.mkdir()
        print(f"job {job['id']}: {SHOT}, {given.segments} segments, files in {folder}")

        pipeline = Pipeline(server, job, folder, review=given.halt == "resume")
        try:
            delivery, film, metadata = pipeline.deliver(given.clip, given.segments)
        except Halted as halted:
            if given.halt != "leave":
                raise
            print(f"\n{halted}")
            return 0
        server.post(f"/jobs/{job['id']}/complete", {})
    finally:
        tracker.close()

    signed = "signed" if tracker.secret else "unsigned"
    print(f"\ndelivered {delivery} ({delivery.stat().st_size} bytes)")
    print(f"  film: {media.duration_ms(film)} ms; sha256 {metadata.get('sha256', {}).get(delivery.name)}")
    print(f"  tracker: {len(tracker.versions)} {signed} calls noted, {tracker.refused} refused")
    print(f"  job {job['id']}: {server.get('/jobs/' + str(job['id']))['status']}, halted {pipeline.halts} times")
    if given.halt and pipeline.halts == 0:
        print("error: --halt was asked for, and no hook halted the job", file=sys.stderr)
        return 1
    return 0


def main():
    try:
        return run(arguments())
    except (Problem, Unreachable, media.StepFailed, install.NotReady) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except Halted as error:
        print(f"\n{error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
