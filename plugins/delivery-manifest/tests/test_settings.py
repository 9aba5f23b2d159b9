import unittest

from delivery_manifest import Settings, problems_of
from delivery_manifest.faults import DeliveryError
from delivery_manifest.patterns import Pattern


class Patterns(unittest.TestCase):
    def test_what_they_match(self):
        for pattern, path, expected in [
            ("*.mov", "a.mov", True),
            ("*.mov", "a.mov.txt", False),
            ("*.mov", "picture/a.mov", False),
            ("picture/*.mov", "picture/a.mov", True),
            ("**/*.mov", "a.mov", True),
            ("**/*.mov", "x/y/a.mov", True),
            ("**", "x/y/a.mov", True),
            ("r?.mov", "r1.mov", True),
            ("r?.mov", "r10.mov", False),
            ("r?.mov", "r/.mov", False),
            ("[a].mov", "a.mov", False),
            ("[a].mov", "[a].mov", True),
            ("a.mov", "axmov", False),
            ("a*", "a\nb", True),
        ]:
            with self.subTest(pattern=pattern, path=path):
                self.assertIs(Pattern(pattern).matches(path), expected)


class Checking(unittest.TestCase):
    def test_all_defaults(self):
        self.assertEqual(problems_of({}), [])
        settings = Settings.parse({"directory": "/out"})
        self.assertEqual((settings.directory, settings.output), ("/out", "/out"))

    def test_each_problem_is_told_with_its_place(self):
        for given, pointers in [
            ([], [""]),
            ({"dir/x": 1}, ["/dir~1x"]),
            ({"directory": "delivery"}, ["/directory"]),
            ({"output": 5, "expected_from": "files"}, ["/output", "/expected_from"]),
            ({"manifest_name": "a/b"}, ["/manifest_name"]),
            ({"manifest_name": "SHA256SUMS"}, ["/checksums_name"]),
            ({"unexpected": "explode"}, ["/unexpected"]),
            ({"ignore": "*.tmp"}, ["/ignore"]),
            ({"ignore": ["", "ok"]}, ["/ignore/0"]),
            ({"expected": {}}, ["/expected"]),
            ({"expected": ["*.mov"]}, ["/expected/0"]),
            ({"expected": [{}, {"path": "/etc/x"}]}, ["/expected/0/path", "/expected/1/path"]),
            ({"expected": [{"path": "../x"}]}, ["/expected/0/path"]),
            ({"expected": [{"path": "x", "min": -1, "max": True}]}, ["/expected/0/min", "/expected/0/max"]),
            ({"expected": [{"path": "x", "min": 3, "max": 2}]}, ["/expected/0/max"]),
            ({"expected": [{"path": "x", "max": 0}]}, ["/expected/0/max"]),
        ]:
            with self.subTest(given=given):
                self.assertEqual([pointer for pointer, _ in problems_of(given)], pointers)

    def test_wrong_settings_are_not_run_with(self):
        with self.assertRaisesRegex(DeliveryError, "/unexpected must be one of"):
            Settings.parse({"unexpected": "explode"})
