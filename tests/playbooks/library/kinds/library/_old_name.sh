#!/bin/sh
echo '{"old": true}'
