#!/usr/bin/python
"""
from ansible.module_utils.in_a_string import nothing
"""
from __future__ import annotations

import os

from ansible.module_utils.standin import (
    arguments,  # a comment, with a bracket )
    end,
)
from ansible.module_utils.tools import shout

try:
    from ansible.module_utils.not_there import anything
except ImportError:
    anything = "nothing"


def main():
    given = arguments()
    if given.get("fail"):
        end(failed=True, msg="as asked")
    text = shout(given.get("text") or "")
    is_there = os.path.isdir(given["_ansible_tmpdir"])
    names = ["check_mode", "diff", "module_name", "no_log", "verbosity"]
    told = {name: given["_ansible_" + name] for name in names}
    end(changed=True, text=text, anything=anything, is_there=is_there, told=told, module=__name__)


if __name__ == "__main__":
    main()
