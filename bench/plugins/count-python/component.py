"""Counts the keys of the metadata and the characters of their values."""

import json

from wit_world.exports import Handler as HandlerProtocol
from wit_world.imports import types


class Handler(HandlerProtocol):
    def run(self, context, metadata, scene_context, settings):
        values = json.loads(metadata).values()
        counted = {"keys": len(values), "characters": sum(len(value) for value in values)}
        return types.Outcome(
            status=types.Status.PASS,
            message=None,
            annotations=[],
            metadata=json.dumps({"counted": counted}),
            artifacts=[],
            metrics=[],
        )

    def describe(self):
        return types.Manifest("count-python", "0.1.0", "Counts keys and characters.", [], [], None)

    def check_settings(self, settings):
        pass
