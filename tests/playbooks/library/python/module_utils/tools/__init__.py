from .words import shout
