#!/usr/bin/python
from ansible_collections.mine.own.plugins.module_utils.old_standin import end

end(changed=False, text="moved")
