#!/bin/sh
echo no password >&2
exit 1
