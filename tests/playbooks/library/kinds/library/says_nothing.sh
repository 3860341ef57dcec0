#!/bin/sh
echo so what
echo wrong >&2
exit 4
