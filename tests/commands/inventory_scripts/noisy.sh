#!/bin/sh
echo careful >&2
echo '{"g": ["n1"]}'
