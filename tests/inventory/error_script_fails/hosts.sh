#!/bin/sh
echo no access >&2
exit 3
