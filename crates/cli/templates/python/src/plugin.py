from stagehook import Call, CannotWork, Manifest, Outcome, Plugin, failed, log, passed


class Handler(Plugin):
    manifest = Manifest(
        name="my-plugin",
        version="0.1.0",
        description="Fails media that is shorter than a minimum.",
        hook_points=["post_segment"],
        settings_schema={
            "type": "object",
            "properties": {
                "minimum_seconds": {
                    "type": "number",
                    "minimum": 0,
                    "description": "The shortest that passes.",
                }
            },
            "required": ["minimum_seconds"],
            "additionalProperties": False,
        },
    )

    def handle(self, call: Call) -> Outcome:
        seconds = call.metadata.get("media", {}).get("duration_seconds")
        if seconds is None:
            raise CannotWork("the metadata has no media.duration_seconds: run media-probe before this hook")
        minimum = call.settings["minimum_seconds"]
        log(f"{seconds} s, at least {minimum} s are wanted")
        metrics = {"duration_seconds": seconds}
        if seconds < minimum:
            return failed(f"{seconds} s is shorter than {minimum} s", metrics=metrics)
        return passed(metadata={"long_enough": True}, metrics=metrics)
