#!/bin/sh
. "$1"
folder=absent
[ -d "$_ansible_tmpdir" ] && folder=there
echo "{\"text\": \"$text\", \"list\": \"$list\", \"map\": \"$map\", \"flag\": \"$flag\", \"none\": \"$none\", \"folder\": \"$folder\"}"
