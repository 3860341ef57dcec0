#!/bin/sh
echo 'the safe is closed' >&2
exit 3
