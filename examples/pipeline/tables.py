"""What the example prints."""

COLUMNS = ("stage", "hook", "type", "source", "status", "on failure", "ms", "says")
SAYS_WIDTH = 60
RIGHT_ALIGNED = {"ms"}


def says(execution):
    """The line of an execution that tells a person most."""
    result = execution.get("result") or {}
    text = result.get("message") or execution.get("error") or ""
    line = " ".join(str(text).split())
    return line if len(line) <= SAYS_WIDTH else line[: SAYS_WIDTH - 1] + "…"


def rows(run):
    for execution in run["executions"]:
        yield (
            run["hook_point"],
            execution["hook"]["name"],
            execution["hook_type"],
            execution["hook"]["source"],
            execution["status"],
            execution["failure_mode"],
            str(execution["duration_ms"]),
            says(execution),
        )


def show_run(label, run):
    """One stage: its verdict, then its hooks."""
    # A run that was cancelled or cut off has no verdict, only a status.
    print(f"\n{run['hook_point']} of {label}: {(run['verdict'] or run['status']).upper()}")
    table = list(rows(run))
    if not table:
        print("  no hook applies here")
        return
    widths = [max(len(row[i]) for row in (COLUMNS, *table)) for i in range(len(COLUMNS))]
    print(line(COLUMNS, widths))
    print("  " + "  ".join("-" * width for width in widths))
    for row in table:
        print(line(row, widths))
    for hook in run.get("not_run") or []:
        print(f"  not run: {hook['name']}")
    for warning in run.get("warnings") or []:
        print(f"  warning: {warning}")


def line(cells, widths):
    padded = (
        cell.rjust(width) if name in RIGHT_ALIGNED else cell.ljust(width)
        for name, cell, width in zip(COLUMNS, cells, widths, strict=True)
    )
    return ("  " + "  ".join(padded)).rstrip()


def show_halt(run, job):
    """Why a stage halted, as far as the answer and the job can tell."""
    print(f"\n  HALTED: job {job['id']} is {job['status']}, needs review: {job['needs_review']}")
    if job.get("review_reason"):
        print(f"  reason: {job['review_reason']}")
    for execution in run["executions"]:
        if execution["success"]:
            continue
        result = execution.get("result") or {}
        print(f"  {execution['hook']['name']} ({execution['status']}): {says(execution)}")
        for remark in result.get("annotations") or []:
            print(f"    {remark['level']} {remark.get('code') or ''}: {remark['message']}")
        for name, value in sorted((result.get("metrics") or {}).items()):
            print(f"    {name} = {value:g}")
