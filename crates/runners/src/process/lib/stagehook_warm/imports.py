"""What of a script is imported before there is a run of it, and what tells that
it would be another one today."""

import ast
import importlib
import importlib.abc
import os
import sys


class Fresh(importlib.abc.MetaPathFinder):
    """Leaves to each run what lies beside its script, which may change."""

    def __init__(self, beside):
        self.beside = beside

    def find_spec(self, fullname, path=None, target=None):
        if fullname.partition(".")[0] in self.beside:
            raise ModuleNotFoundError(f"{fullname} lies beside the script", name=fullname)
        return None


def imports(body):
    """The import statements that a module begins with, up to the first statement
    that may do something that an import depends on; and whether that is all of
    it."""
    found = []
    for statement in body:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            found.append(statement)
        elif isinstance(statement, ast.Try):
            inner, is_all = imports(statement.body)
            found += inner
            if not is_all:
                return found, False
        elif not does_nothing(statement):
            return found, False
    return found, True


def does_nothing(statement):
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return not statement.decorator_list
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    if isinstance(statement, ast.If):
        test = statement.test
        name = getattr(test, "id", None) or getattr(test, "attr", None)
        return name == "TYPE_CHECKING" and not statement.orelse
    if isinstance(statement, ast.Assign):
        plain = all(isinstance(target, ast.Name) for target in statement.targets)
        return plain and isinstance(statement.value, ast.Constant)
    return False


def import_early(tree):
    """Imports what the script begins with, until that fails: the run will show
    why."""
    for statement in imports(tree.body)[0]:
        try:
            if isinstance(statement, ast.Import):
                for name in statement.names:
                    importlib.import_module(name.name)
            elif statement.level == 0:
                names = [name.name for name in statement.names]
                __import__(statement.module, {}, {}, names)
        except BaseException:
            return


def stat_of(path):
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_size


def watched(beside):
    """What tells that a module would be another one today: the directories that
    modules are found in, and the files of those that no installer put there."""
    paths = set(sys.path).difference(beside)
    installed = tuple(os.path.join(prefix, "") for prefix in (sys.prefix, sys.base_prefix))
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and not file.startswith(installed):
            paths.add(file)
    return {path: stat_of(path) for path in paths}
