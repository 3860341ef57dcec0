#!/usr/bin/python
from ansible.module_utils.nowhere import anything
