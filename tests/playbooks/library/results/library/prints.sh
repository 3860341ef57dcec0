#!/bin/sh
. "$1"
printf '%s\n' "$text"
