#!/bin/sh
echo '{ "x": '
