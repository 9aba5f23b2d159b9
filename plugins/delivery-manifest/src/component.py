"""The component: what the host calls, around `delivery_manifest`."""

import json

from componentize_py_types import Err
from delivery_manifest import ABOUT, DeliveryError, Settings, problems_of, report
from wit_world.exports import Handler as HandlerProtocol
from wit_world.imports import host, types

STATUS = {"pass": types.Status.PASS, "fail": types.Status.FAIL}
LEVEL = {"warning": types.AnnotationLevel.WARNING, "error": types.AnnotationLevel.ERROR}
CAPABILITY = {"directories": types.Capability.DIRECTORIES, "segment_write": types.Capability.SEGMENT_WRITE}


class Handler(HandlerProtocol):
    def run(self, context, metadata, scene_context, settings):
        try:
            answer = report(
                Settings.parse(json.loads(settings or "{}")),
                metadata=json.loads(metadata or "{}"),
                job=job_of(context.job),
                dry_run=context.dry_run,
                progress=host.progress,
                remaining_ms=host.remaining_ms,
            )
        except DeliveryError as error:
            raise Err(types.Failure(str(error), False)) from None
        return types.Outcome(
            status=STATUS[answer.status],
            message=answer.message,
            annotations=[
                types.Annotation(LEVEL[remark.level], remark.code, remark.message, remark.path, None, None)
                for remark in answer.remarks
            ],
            metadata=json.dumps(answer.metadata) if answer.metadata else None,
            artifacts=[types.Artifact(path, mime) for path, mime in answer.artifacts],
            metrics=[types.Metric(name, float(value)) for name, value in answer.metrics.items()],
        )

    def describe(self):
        return types.Manifest(
            name=ABOUT["name"],
            version=ABOUT["version"],
            description=ABOUT["description"],
            hook_points=ABOUT["hook_points"],
            capabilities=[
                types.WantedCapability(CAPABILITY[name], reason) for name, reason in ABOUT["capabilities"].items()
            ],
            settings_schema=json.dumps(ABOUT["settings_schema"]),
        )

    def check_settings(self, settings):
        problems = problems_of(json.loads(settings or "{}"))
        if problems:
            raise Err([types.Problem(pointer, detail) for pointer, detail in problems])


def job_of(job):
    if job is None:
        return None
    return {"id": job.id, "project_id": job.project_id, "external_ref": job.external_ref}
