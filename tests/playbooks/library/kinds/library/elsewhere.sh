#!/no/such/program
