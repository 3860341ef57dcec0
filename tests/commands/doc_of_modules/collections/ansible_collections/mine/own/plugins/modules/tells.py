#!/usr/bin/python
DOCUMENTATION = """
short_description: Of a collection
"""
