#!/bin/sh
echo '{"from": "playbook"}'
