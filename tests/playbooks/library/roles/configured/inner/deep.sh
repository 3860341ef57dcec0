#!/bin/sh
echo '{"from": "deep"}'
