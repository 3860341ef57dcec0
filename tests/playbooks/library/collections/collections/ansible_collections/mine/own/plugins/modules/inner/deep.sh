#!/bin/sh
echo '{"deep": true}'
