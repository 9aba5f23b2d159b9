import json
import unittest
from unittest.mock import patch

from componentize_py_types import Err
from plugin import Handler
from wit_world.imports.call import Context
from wit_world.imports.types import HookInfo, Outcome, ScopeLevel, Status, Trigger_Stage

CONTEXT = Context(
    execution_id="00000000-0000-0000-0000-000000000000",
    hook=HookInfo(id=1, name="test", version=1, source=ScopeLevel.STUDIO),
    job=None,
    trigger=Trigger_Stage("post_segment"),
    segment_path=None,
    attempt=1,
    deadline_ms=30_000,
    dry_run=False,
    previous_results=[],
    inherited=None,
    data=None,
)


def run(metadata: dict, settings: dict) -> Outcome:
    return Handler().run(CONTEXT, json.dumps(metadata), "{}", json.dumps(settings))


@patch("wit_world.imports.host.log")
class PluginTest(unittest.TestCase):
    def test_long_enough_passes(self, log) -> None:
        outcome = run({"media": {"duration_seconds": 5.3}}, {"minimum_seconds": 5})
        self.assertEqual(outcome.status, Status.PASS)
        self.assertEqual(json.loads(outcome.metadata), {"long_enough": True})
        log.assert_called_once()

    def test_too_short_fails(self, log) -> None:
        outcome = run({"media": {"duration_seconds": 4}}, {"minimum_seconds": 5})
        self.assertEqual(outcome.status, Status.FAIL)
        self.assertEqual(outcome.message, "4 s is shorter than 5 s")

    def test_without_a_duration_it_says_what_to_do(self, log) -> None:
        with self.assertRaises(Err) as raised:
            run({}, {"minimum_seconds": 5})
        self.assertIn("run media-probe", raised.exception.value.message)

    def test_the_manifest_has_a_schema(self, log) -> None:
        manifest = Handler().describe()
        self.assertEqual(manifest.name, "my-plugin")
        self.assertEqual(json.loads(manifest.settings_schema)["type"], "object")


if __name__ == "__main__":
    unittest.main()
