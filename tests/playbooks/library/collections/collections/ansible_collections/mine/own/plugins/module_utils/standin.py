"""What this module needs of ansible-core, and no more."""
import json
import sys


def arguments():
    basic = sys.modules.get("ansible.module_utils.basic")
    given = getattr(basic, "_ANSIBLE_ARGS", None) or sys.stdin.buffer.read()
    return json.loads(given)["ANSIBLE_MODULE_ARGS"]


def end(**result):
    print(json.dumps(result))
    sys.exit(1 if result.get("failed") else 0)
