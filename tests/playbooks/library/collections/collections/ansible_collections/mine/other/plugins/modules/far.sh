#!/bin/sh
echo '{"far": true}'
