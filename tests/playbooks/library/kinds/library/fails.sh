#!/bin/sh
echo '{"failed": true, "msg": "as it should"}'
exit 1
