#!/bin/sh
echo '{"script": true}'
