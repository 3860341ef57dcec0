#!/bin/sh
echo '{"_ansible_x": 1, "inner": {"_ansible_y": 1, "z": 2}, "warnings": ["take care"], "ansible_facts": {"mine": 1, "ansible_connection": "no", "ansible_perl_interpreter": "no", "ansible_good": 2}}'
