"""Stands for ansible-core's own, of which these modules need nothing."""
