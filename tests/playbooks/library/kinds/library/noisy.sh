#!/bin/sh
echo before
echo '{"changed": false,'
echo ' "x": 1}'
echo after
echo aside >&2
exit 3
