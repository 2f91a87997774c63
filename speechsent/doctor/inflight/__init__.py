"""What goes wrong while a model trains: looked at in a few steps, on a few samples."""
