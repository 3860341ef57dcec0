dotted: 1
