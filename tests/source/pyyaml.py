#!/usr/bin/env python3
"""Writes pyyaml.jsonl: YAML texts, each with the tree that PyYAML makes of it, or `!` for an error.

Not part of the test run: `python3 tests/source/pyyaml.py > tests/source/pyyaml.jsonl` where PyYAML
(with libyaml) is installed. A tree is written as `kind value @line:column`, so that the Rust test
compares kinds, values and positions at once.
"""
import datetime
import json
import random
import struct
import sys

import yaml


class Loader(yaml.CSafeLoader):
    pass


def dump_scalar(loader, node):
    tag, value = node.tag, node.value
    if tag == "!unsafe":
        if not node.style:
            tag = loader.resolve(yaml.ScalarNode, value, (True, False))
        else:
            tag = "tag:yaml.org,2002:str"
        made = loader.construct_object(yaml.ScalarNode(tag, value, node.start_mark))
        return "unsafe " + json.dumps(made, ensure_ascii=False) if isinstance(made, str) else dump_value(made)
    if tag in ("!vault", "!vault-encrypted"):
        if not value:
            raise ValueError("empty")
        return "vault " + json.dumps(value, ensure_ascii=False)
    return dump_value(loader.construct_object(node))


def dump_value(made):
    if made is None:
        return "null"
    if isinstance(made, bool):
        return str(made).lower()
    if isinstance(made, int):
        return f"int {made}"
    if isinstance(made, float):
        return "float nan" if made != made else "float " + struct.pack(">d", made).hex()
    if isinstance(made, (datetime.date, datetime.datetime)):
        made = made.isoformat()
    if isinstance(made, bytes):
        made = made.decode()
    return "str " + json.dumps(made, ensure_ascii=False)


def key_of(loader, node):
    return loader.construct_object(node) if node.tag[:1] != "!" else node.value


def dump(loader, node):
    place = f" @{node.start_mark.line + 1}:{node.start_mark.column + 1}"
    if isinstance(node, yaml.ScalarNode):
        return dump_scalar(loader, node) + place
    if isinstance(node, yaml.SequenceNode):
        if node.tag != "tag:yaml.org,2002:seq":
            raise ValueError(node.tag)
        return "[" + ", ".join(dump(loader, item) for item in node.value) + "]" + place
    if node.tag != "tag:yaml.org,2002:map":
        raise ValueError(node.tag)
    loader.flatten_mapping(node)
    entries = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise ValueError("key")
        made = key_of(loader, key)
        first = entries.get(made, (key,))[0]
        moved = yaml.ScalarNode(first.tag, first.value, key.start_mark, style=first.style)
        entries[made] = (moved, value)
    return "{" + ", ".join(f"{dump(loader, k)}: {dump(loader, v)}" for k, v in entries.values()) + "}" + place


def tree(text):
    loader = Loader(text)
    try:
        node = loader.get_single_node()
        return "null @1:1" if node is None else dump(loader, node)
    except (yaml.YAMLError, ValueError, KeyError, IndexError):
        return "!"


def scalars(rng):
    heads = ["", "-", "+", "0", "0b", "0x", "0o", ".", "-.", "1", "12", "08", "2001-12-14", "2001-1-4 ", "y", "Tr"]
    pieces = ["0", "1", "7", "8", "9", "_", ".", ":", ":30", ":60", "e", "e3", "e+3", "E-2", "a", "f", "-", "12", "inf",
              "ue", "es", "nan", "T1:02:03", " 01:02:03.25", " 21:59:43 -5", "Z", " +01:30", "99999999999999999999", "~"]
    words = ["yes", "Yes", "YES", "yEs", "y", "Y", "n", "N", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF",
             "true", "True", "TRUE", "tRUE", "false", "False", "FALSE", "null", "Null", "NULL", "nULL", "~", ".inf",
             ".Inf", ".INF", ".iNF", "+.inf", "-.INF", ".nan", ".NaN", ".NAN", "-.nan", "0644", "0o644", "1e3", "1.0e+3",
             "1.0e3", "12:30", "12:30:45", "12:60", "1_000", "1__0", "_1", "0x1F", "0X1F", "0b101", "0_7", "08", "-0",
             "+0", "00", "0.", ".5", "+.5", "-.5", "5.", "1.5.2", "127.0.0.1", "::1", "1:2.5", "9223372036854775807",
             "9223372036854775808", "-9223372036854775809", "0777777777777777777777777", "0xffffffffffffffffff",
             "2001-12-14", "2001-12-14T21:59:43Z", "2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43.1234567",
             "2001-13-01", "2001-02-29", "2000-02-29", "0000-01-01", "2001-12-14 24:00:00", "2001-12-14 1:2:3",
             "2001-1-4", "2001-1-4 1:02:03.", "2001-12-14 01:02:03 +23:59", "2001-12-14 01:02:03 +24:00",
             "2001-12-14 01:02:03 -0:00", "<<", "=", "<", "a", "-", "--", "---x", "?", "?x", "!", "é", "日本", "a#b"]
    yield from words
    for _ in range(1500):
        yield rng.choice(heads) + "".join(rng.choice(pieces) for _ in range(rng.randint(0, 4)))


def value(rng, depth):
    if depth == 0 or rng.random() < 0.45:
        return rng.choice([None, True, 7, -420, 1.5, "", "yes", "0644", "a: b", "x # y", "two\nlines\n", "{{ foo }}",
                           "it's", 'say "x"', " lead", "trail ", "tab\there", "é日本", "- a", "@x", "12:30", "long " * 30])
    if rng.random() < 0.5:
        return [value(rng, depth - 1) for _ in range(rng.randint(0, 4))]
    return {rng.choice(["name", "when", "0644", "yes", "a b", 1, True, None, "x:y"]): value(rng, depth - 1)
            for _ in range(rng.randint(0, 4))}


def main():
    rng = random.Random(20260101)
    texts = open(sys.path[0] + "/pyyaml.txt", encoding="utf-8").read().split("\n%%\n")
    for scalar in scalars(rng):
        texts.append("k: " + scalar)
    for number in range(300):
        texts.append(yaml.dump(value(rng, 4), allow_unicode=bool(number % 2), default_flow_style=[None, True, False][number % 3],
                               default_style=[None, None, '"', "'", "|", ">"][number % 6], indent=2 + number % 3))
    for text in dict.fromkeys(texts):
        print(json.dumps([text, tree(text)], ensure_ascii=False))


main()
