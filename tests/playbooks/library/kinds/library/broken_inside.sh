#!/bin/sh
echo '{"exception": "a traceback", "x": 1}'
