"""Runs the module in this folder; its arguments come as JSON on standard input."""
import io
import runpy
import sys

MODULE = "{module}"


def main():
    folder = sys.path[0]
    given = getattr(sys.stdin, "buffer", sys.stdin).read()
    try:
        from ansible.module_utils._internal._ansiballz import _loader
    except ImportError:
        _loader = None
    if _loader is not None:
        _loader.run_module(
            json_params=given, profile="legacy", module_fqn=MODULE, modlib_path=folder, extensions={}
        )
        return
    try:
        from ansible.module_utils import basic
    except ImportError:
        pass
    else:
        basic._ANSIBLE_ARGS = given
        basic._ANSIBLE_PROFILE = "legacy"
    sys.stdin = io.TextIOWrapper(io.BytesIO(given), encoding="utf-8")
    names = {"_module_fqn": MODULE, "_modlib_path": folder}
    runpy.run_module(MODULE, init_globals=names, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
