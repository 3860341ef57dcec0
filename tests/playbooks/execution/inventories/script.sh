#!/bin/sh
case $1 in
--list) echo '{"dyn": {"hosts": ["s1"], "vars": {"x": "dyn"}}, "_meta": {"hostvars": {"s1": {"ansible_connection": "local", "own": "script"}}}}' ;;
esac
