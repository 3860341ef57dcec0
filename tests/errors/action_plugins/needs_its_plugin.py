# Does the work on the controller.
