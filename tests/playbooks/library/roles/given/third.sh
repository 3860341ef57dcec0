#!/bin/sh
echo '{"from": "given"}'
