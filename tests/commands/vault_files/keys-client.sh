#!/bin/sh
# What `pass` and its like do: a password for each label.
case "$1 $2" in
"--vault-id dev") echo 'battery staple' ;;
"--vault-id default") echo 'correct horse' ;;
*) echo "no key of $2" >&2; exit 2 ;;
esac
