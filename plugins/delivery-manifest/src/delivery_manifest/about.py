"""What the plugin says about itself."""

_PATTERN = {"type": "string", "minLength": 1, "maxLength": 255}
_FILE_NAME = {"type": "string", "pattern": "^[^/]+$", "maxLength": 255}
_GUEST_DIRECTORY = {"type": "string", "pattern": "^/", "maxLength": 255}

_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "directory": _GUEST_DIRECTORY
        | {
            "default": "/delivery",
            "description": "The delivery: a directory that the hook grants, as the plugin sees it.",
        },
        "output": _GUEST_DIRECTORY
        | {"description": "Where manifest and checksums are written. Absent: into the delivery itself."},
        "expected": {
            "type": "array",
            "maxItems": 200,
            "description": "What has to be there.",
            "items": {
                "type": "object",
                "required": ["path"],
                "additionalProperties": False,
                "properties": {
                    "path": _PATTERN
                    | {"description": "Relative path; * and ? stay within a folder, ** crosses folders."},
                    "min": {"type": "integer", "minimum": 0, "default": 1, "description": "Files, at least."},
                    "max": {"type": "integer", "minimum": 0, "description": "Files, at most. Absent: any number."},
                    "min_bytes": {"type": "integer", "minimum": 0, "default": 1, "description": "Size of each file."},
                },
            },
        },
        "expected_from": {
            "type": "string",
            "pattern": "^/",
            "description": "JSON pointer into the metadata, to a list of relative paths that have to be there.",
        },
        "unexpected": {
            "enum": ["allow", "warn", "fail"],
            "default": "allow",
            "description": "What to do about a file that nothing expects.",
        },
        "ignore": {
            "type": "array",
            "items": _PATTERN,
            "maxItems": 200,
            "default": ["**/.DS_Store", "**/Thumbs.db"],
            "description": "Files that are no part of the delivery.",
        },
        "manifest_name": _FILE_NAME | {"default": "manifest.json"},
        "checksums_name": _FILE_NAME | {"default": "SHA256SUMS"},
    },
}

ABOUT = {
    "name": "delivery-manifest",
    "version": "0.1.0",
    "description": "Checks that a delivery is complete, and writes its manifest and its SHA-256 checksums.",
    "hook_points": ["post_delivery"],
    "capabilities": {
        "directories": "to read the files of the delivery, and to write manifest.json and SHA256SUMS beside them",
    },
    "settings_schema": _SCHEMA,
}
