#!/bin/sh
echo '{"replaced": true}'
