"""The contract with Stagehook, as a plugin's author likes to see it.

JSON is parsed, and what is not said has its usual value. The typed contract
itself is in wit/ and, as Python, in bindings/.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import host
from wit_world.imports.call import Context
from wit_world.imports.host import Level
from wit_world.imports.types import (
    Annotation,
    Artifact,
    Capability,
    Failure,
    Metric,
    Outcome,
    Problem,
    Status,
    WantedCapability,
)
from wit_world.imports.types import Manifest as ContractManifest


@dataclass
class Manifest:
    """What a plugin says about itself."""

    name: str
    version: str
    description: str
    hook_points: list[str] = field(default_factory=list)
    """Hook points that the plugin is made for. None: any."""
    capabilities: list[WantedCapability] = field(default_factory=list)
    """What the plugin needs and a hook has to grant."""
    settings_schema: dict[str, Any] | None = None
    """JSON Schema of the settings. Stagehook holds every hook's settings against it."""


@dataclass
class Call:
    """What a call is about."""

    context: Context
    """Who calls and why: the hook, the job, the trigger, the limits."""
    metadata: dict[str, Any]
    """The stage's metadata, with the patches of the hooks before this one."""
    scene_context: dict[str, Any]
    """What the pipeline knows about the scene."""
    settings: dict[str, Any]
    """The `settings` of the hook. They fit the schema."""


class CannotWork(Exception):
    """To raise where the plugin could not do its work.

    Media that does not pass is no error: answer `fail(…)`.
    """

    def __init__(self, message: str, retryable: bool = False) -> None:
        super().__init__(message)
        self.retryable = retryable


class Plugin(exports.Handler):
    """A plugin. The component exports the class named `Handler` in plugin.py."""

    manifest: Manifest

    def handle(self, call: Call) -> Outcome:
        """Does the work."""
        raise NotImplementedError

    def check(self, settings: dict[str, Any]) -> list[Problem]:
        """Checks settings beyond what the schema can say, when a hook is saved."""
        return []

    def describe(self) -> ContractManifest:
        schema = self.manifest.settings_schema
        return ContractManifest(
            name=self.manifest.name,
            version=self.manifest.version,
            description=self.manifest.description,
            hook_points=self.manifest.hook_points,
            capabilities=self.manifest.capabilities,
            settings_schema=None if schema is None else json.dumps(schema),
        )

    def run(self, context: Context, metadata: str, scene_context: str, settings: str) -> Outcome:
        call = Call(context, json.loads(metadata), json.loads(scene_context), json.loads(settings))
        try:
            return self.handle(call)
        except CannotWork as error:
            raise Err(Failure(str(error), error.retryable)) from error
        except Exception as error:
            # What nobody foresaw would end the instance without a word.
            raise Err(Failure(f"{type(error).__name__}: {error}", False)) from error

    def check_settings(self, settings: str) -> None:
        problems = self.check(json.loads(settings))
        if problems:
            raise Err(problems)


def passed(
    message: str | None = None,
    *,
    metadata: dict[str, Any] | None = None,
    metrics: dict[str, float] | None = None,
    annotations: list[Annotation] | None = None,
    artifacts: list[Artifact] | None = None,
    status: Status = Status.PASS,
) -> Outcome:
    """Nothing stands in the way. `metadata` is a merge patch to the stage's metadata."""
    return Outcome(
        status=status,
        message=message,
        annotations=annotations or [],
        metadata=None if metadata is None else json.dumps(metadata),
        artifacts=artifacts or [],
        metrics=[Metric(name, value) for name, value in (metrics or {}).items()],
    )


def failed(message: str, **details: Any) -> Outcome:
    """The media does not pass."""
    return passed(message, status=Status.FAIL, **details)


def skipped(message: str) -> Outcome:
    """There was nothing to do."""
    return passed(message, status=Status.SKIP)


def needs_review(message: str, **details: Any) -> Outcome:
    """A person has to look."""
    return passed(message, status=Status.NEEDS_REVIEW, **details)


def log(message: str, level: Level = Level.INFO) -> None:
    """Adds a line to the execution's log."""
    host.log(level, message)


__all__ = [
    "Annotation",
    "Artifact",
    "Call",
    "CannotWork",
    "Capability",
    "Level",
    "Manifest",
    "Outcome",
    "Plugin",
    "Problem",
    "WantedCapability",
    "failed",
    "log",
    "needs_review",
    "passed",
    "skipped",
]
