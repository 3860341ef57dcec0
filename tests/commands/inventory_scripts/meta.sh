#!/bin/sh
cat <<X
{"web": {"hosts": ["w1", "w2"], "vars": {"a": 1}, "children": ["db"]}, "db": ["d1"], "empty": {}, "_meta": {"hostvars": {"w1": {"x": "{{ a }}", "u": {"__ansible_unsafe": "{{ b }}"}}, "stray": {"y": 1}}}}
X
