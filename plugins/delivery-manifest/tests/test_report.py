import hashlib
import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from delivery_manifest import DeliveryError, Settings, report

JOB = {"id": 42, "project_id": 1, "external_ref": "shot_010"}


class Delivery(unittest.TestCase):
    """A delivery in a directory of its own."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.root = Path(holder.name)
        self.put("film.mov", b"frames")
        self.put("sound/mix 1.wav", b"samples")

    def put(self, path, content):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def report(self, metadata=None, dry_run=False, remaining_ms=10_000, **settings):
        self.progress = []
        return report(
            Settings.parse({"directory": str(self.root), **settings}),
            metadata=metadata or {},
            job=JOB,
            dry_run=dry_run,
            progress=lambda fraction, path: self.progress.append((fraction, path)),
            remaining_ms=lambda: remaining_ms,
        )

    def codes(self, answer):
        return [(remark.level, remark.code, remark.path) for remark in answer.remarks]

    def names(self):
        return sorted(path.name for path in self.root.iterdir())

    def test_a_complete_delivery_gets_its_manifest(self):
        expected = [{"path": "*.mov", "max": 1}, {"path": "sound/*.wav"}]
        answer = self.report(expected=expected, unexpected="fail")
        self.assertEqual((answer.status, answer.remarks), ("pass", []))
        text = (self.root / "manifest.json").read_text(encoding="utf-8")
        self.assertEqual(
            json.loads(text),
            {
                "schema": "delivery-manifest/1",
                "job": JOB,
                "files": [
                    {"path": "film.mov", "size_bytes": 6, "sha256": hashlib.sha256(b"frames").hexdigest()},
                    {"path": "sound/mix 1.wav", "size_bytes": 7, "sha256": hashlib.sha256(b"samples").hexdigest()},
                ],
                "total_bytes": 13,
            },
        )
        about = {"path": "manifest.json", "sha256": hashlib.sha256(text.encode()).hexdigest(), "files": 2, "bytes": 13}
        self.assertEqual(answer.metadata, {"delivery_manifest": about})
        self.assertEqual(answer.artifacts, [("manifest.json", "application/json"), ("SHA256SUMS", "text/plain")])
        self.assertEqual(answer.metrics, {"delivery_files": 2, "delivery_bytes": 13, "delivery_errors": 0})
        self.assertEqual(self.progress[-1], (1.0, "sound/mix 1.wav"))
        self.assertEqual(self.names(), ["SHA256SUMS", "film.mov", "manifest.json", "sound"])

    def test_running_again_changes_nothing(self):
        first = self.report()
        before = {name: (self.root / name).read_bytes() for name in ("manifest.json", "SHA256SUMS")}
        self.assertEqual(self.report(), first)
        self.assertEqual({name: (self.root / name).read_bytes() for name in before}, before)

    def test_the_checksums_are_those_of_sha256sum(self):
        self.put("odd\\name\nof two lines", b"")
        self.put("empty", b"")
        self.report()
        check = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
        done = subprocess.run(check, cwd=self.root, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(done.stdout.count(": OK"), 4)

    def test_what_is_wrong_is_told_and_nothing_is_written(self):
        self.put("film.part", b"")
        self.put("b.mov", b"")
        os.symlink("/etc/passwd", self.root / "passwd")
        expected = [
            {"path": "*.mov", "max": 1},
            {"path": "titles/*.srt", "min": 2},
            {"path": "sound/*.wav", "min_bytes": 100},
        ]
        answer = self.report(expected=expected, unexpected="fail")
        self.assertEqual(answer.status, "fail")
        self.assertEqual(
            self.codes(answer),
            [
                ("error", "delivery.not-a-file", "passwd"),
                ("error", "delivery.too-many", None),
                ("error", "delivery.too-small", "b.mov"),
                ("error", "delivery.missing", None),
                ("error", "delivery.too-small", "sound/mix 1.wav"),
                ("error", "delivery.unexpected", "film.part"),
            ],
        )
        self.assertIn("and 5 more", answer.message)
        self.assertEqual((answer.artifacts, answer.metadata), ([], {}))
        self.assertNotIn("manifest.json", self.names())

    def test_what_metadata_names_has_to_be_there(self):
        metadata = {"delivery": {"files": ["film.mov", "subs.srt"]}}
        settings = {"expected_from": "/delivery/files", "unexpected": "warn"}
        answer = self.report(metadata, **settings)
        self.assertEqual(
            self.codes(answer),
            [
                ("error", "delivery.missing", "subs.srt"),
                ("warning", "delivery.unexpected", "sound/mix 1.wav"),
            ],
        )
        self.put("subs.srt", b"1")
        # A warning is told, and the delivery is complete.
        answer = self.report(metadata, **settings)
        self.assertEqual((answer.status, len(answer.remarks)), ("pass", 1))
        with self.assertRaisesRegex(DeliveryError, "no list of paths"):
            self.report({"delivery": {"files": "film.mov"}}, **settings)

    def test_a_dry_run_writes_nothing(self):
        answer = self.report(dry_run=True)
        self.assertEqual((answer.status, answer.artifacts), ("pass", []))
        self.assertEqual(answer.metadata["delivery_manifest"]["files"], 2)
        self.assertEqual(self.names(), ["film.mov", "sound"])

    def test_the_manifest_may_go_elsewhere(self):
        with tempfile.TemporaryDirectory() as other:
            answer = self.report(output=other, manifest_name="m.json", checksums_name="sums")
            self.assertEqual(answer.status, "pass")
            self.assertEqual(sorted(os.listdir(other)), ["m.json", "sums"])
        self.assertEqual(self.names(), ["film.mov", "sound"])

    def test_what_is_ignored_is_no_part_of_it(self):
        self.put("sound/.DS_Store", b"")
        self.put("scratch.tmp", b"")
        self.assertEqual(self.report(dry_run=True).metrics["delivery_files"], 3)
        self.assertEqual(self.report(dry_run=True, ignore=["**/*.tmp"]).metrics["delivery_files"], 3)

    def test_a_missing_directory_says_what_to_grant(self):
        with self.assertRaisesRegex(DeliveryError, '"guest": "/nowhere", "access": "write"'):
            self.report(directory="/nowhere")
        with self.assertRaisesRegex(DeliveryError, "cannot be written"):
            self.report(output="/nowhere")

    def test_too_little_time_says_what_to_raise(self):
        with self.assertRaisesRegex(DeliveryError, "only 6 of 13 bytes .* limits.timeout_seconds"):
            self.report(remaining_ms=10)
        self.assertEqual(self.names(), ["film.mov", "sound"])
