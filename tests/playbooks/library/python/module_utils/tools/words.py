from ..other import MARK


def shout(text):
    return text.upper() + MARK
