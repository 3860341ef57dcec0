#!/usr/bin/python
from ansible.module_utils.of_role import TEXT
from ansible.module_utils.standin import end

end(changed=False, text=TEXT)
