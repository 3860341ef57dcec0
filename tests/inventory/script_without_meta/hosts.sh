#!/bin/sh
if [ "$1" = --host ]; then echo "{\"name\": \"$2\"}"; else echo '{"web": {"hosts": ["s1", "s2"]}}'; fi
