"""What the pipeline does with media: each step one ffmpeg call, one file out."""

import json
import shutil
import subprocess
import zipfile

VIDEO = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-pix_fmt", "yuv420p"]
AUDIO = ["-c:a", "aac", "-ac", "2", "-ar", "48000"]
LOOK = "curves=preset=vintage,eq=contrast=1.05:saturation=1.15"


class StepFailed(Exception):
    """A step of the pipeline itself failed; no hook had a part in it."""


def require_tools():
    missing = [tool for tool in ("ffmpeg", "ffprobe") if shutil.which(tool) is None]
    if missing:
        raise StepFailed(f"{' and '.join(missing)} not found: install the package ffmpeg (or run `make setup`)")


def ffmpeg(what, *arguments):
    command = ["ffmpeg", "-nostdin", "-hide_banner", "-v", "error", "-y", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        raise StepFailed(f"{what}: ffmpeg exited with {done.returncode}\n{done.stderr.strip()[-1500:]}")


def grade(source, target):
    """The variant: the whole clip with a look."""
    ffmpeg(f"grading {source.name}", "-i", source, "-vf", LOOK, *VIDEO, *AUDIO, target)


def cut(source, target, start_ms, duration_ms):
    """One segment, encoded anew so that it begins and ends on the very frame."""
    ffmpeg(
        f"cutting {target.name}",
        "-ss", f"{start_ms / 1000:.3f}", "-i", source, "-t", f"{duration_ms / 1000:.3f}",
        *VIDEO, *AUDIO, target,
    )  # fmt: skip


def extract_sound(source, target):
    """The sound of a segment beside it, for what reads no video."""
    ffmpeg(f"extracting the sound of {source.name}", "-i", source, "-vn", "-c:a", "pcm_s24le", target)


def edit_list(files, target):
    """The order of the segments, in the form that ffmpeg's concat reads."""
    lines = ["ffconcat version 1.0", *(f"file '{file.name}'" for file in files)]
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")


def join(edit, target):
    ffmpeg(f"joining {edit.name}", "-f", "concat", "-i", edit, "-c", "copy", target)


def pack(target, files, manifest):
    """The delivery: the film, and all that is known about it."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for file in files:
            archive.write(file, file.name)
        archive.writestr("manifest.json", json.dumps(manifest, indent=2, sort_keys=True) + "\n")


def duration_ms(file):
    done = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(file)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise StepFailed(f"ffprobe cannot read {file.name}: {done.stderr.strip()[-500:]}")
    return round(float(done.stdout) * 1000)
