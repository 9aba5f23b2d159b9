//! What is run.

use stagehook_core::config::HookType;

/// One script.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) hook_type: HookType,
    pub(crate) script: &'static str,
}

/// One that imports what a hook of some size does.
pub(crate) const WITH_IMPORTS: Scenario = Scenario {
    name: "python: argparse, dataclasses, email, http.client, logging",
    hook_type: HookType::Python,
    script: "import argparse, dataclasses, email.message, http.client, logging\n",
};

pub(crate) const SCENARIOS: [Scenario; 5] = [
    Scenario {
        name: "sh: exit 0",
        hook_type: HookType::Shell,
        script: "exit 0\n",
    },
    Scenario {
        name: "sh: exec /bin/true",
        hook_type: HookType::Shell,
        script: "exec /bin/true\n",
    },
    Scenario {
        name: "sh: read the input, print a line",
        hook_type: HookType::Shell,
        script: "cat > /dev/null\necho graded\n",
    },
    Scenario {
        name: "python: pass",
        hook_type: HookType::Python,
        script: "pass\n",
    },
    Scenario {
        name: "python: read the input, print a line",
        hook_type: HookType::Python,
        script: "import json, sys\njson.load(sys.stdin)\nprint('graded')\n",
    },
];
