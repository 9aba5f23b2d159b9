//! What is run.

use stagehook_core::config::HookType;

/// One script.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) hook_type: HookType,
    pub(crate) script: &'static str,
}

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
