#!/bin/sh
cat <<J
{"web": {"hosts": ["s1", "s2"], "vars": {"a": "1"}, "children": ["kids"]}, "kids": ["s3"], "solo": {"x": 1},
 "_meta": {"hostvars": {"s1": {"b": [1, "yes"]}, "s3": {"b": null}}}}
J
