#!/bin/sh
echo "{\"changed\": false, \"stderr\": \"its own\"}"
