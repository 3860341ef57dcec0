#!/usr/bin/python
DOCUMENTATION = r'''
module: greets
short_description: Greets people
description:
  - Writes a greeting to a file, unless it is there already. See M(ansible.builtin.copy) for files of any content.
  - Needs nothing.
options:
  name:
    description: Who is greeted.
    type: str
    required: true
    aliases: [who]
  words:
    description:
      - The words, of which there may be many, so many that this line has to be broken somewhere before it ends here.
      - With V(none) there is no greeting.
    default: hello
    choices: [hello, none]
  place:
    description: Where it is written.
    type: dict
    version_added: "1.2"
    suboptions:
      path:
        description: The file.
        type: path
author: nobody
'''

EXAMPLES = r'''
- greets:
    name: you
'''

RETURN = '''
text:
  description: The greeting.
  returned: always
  type: str
'''
