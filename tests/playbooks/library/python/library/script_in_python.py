#!/usr/bin/python
# A script that happens to be Python, and reads pairs.
import json
import shlex
import sys

pairs = dict(pair.split("=", 1) for pair in shlex.split(open(sys.argv[1]).read()))
print(json.dumps({"text": pairs["text"]}))
