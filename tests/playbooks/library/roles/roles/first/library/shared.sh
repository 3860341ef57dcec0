#!/bin/sh
echo '{"from": "role"}'
