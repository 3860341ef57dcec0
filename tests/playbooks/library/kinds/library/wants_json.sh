#!/bin/sh
# WANT_JSON: the first argument is a file with the arguments as JSON.
text=$(sed -n 's/.*"text": "\([^"]*\)".*/\1/p' "$1")
check=$(grep -c '"_ansible_check_mode": true' "$1")
name=$(sed -n 's/.*"_ansible_module_name": "\([^"]*\)".*/\1/p' "$1")
echo "{\"changed\": true, \"said\": \"$text\", \"checks\": $check, \"name\": \"$name\", \"home\": \"$GREETING\"}"
