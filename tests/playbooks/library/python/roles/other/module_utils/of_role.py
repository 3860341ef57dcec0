TEXT = "of the role"
