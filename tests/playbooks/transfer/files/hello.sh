#!/bin/sh
echo "hello $1 from $(basename "$0")"
echo "value: $VALUE" >&2
[ -z "$2" ] || touch "$2"
exit "${3:-0}"
