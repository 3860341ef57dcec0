#!/bin/sh
cat > /dev/null <<'X'
<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>
X
grep -c '"text": "a b"' "$0" | sed 's/.*/{"found": &}/'
