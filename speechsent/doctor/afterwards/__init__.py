"""The doctor after training: what old logs and run folders give away, without the model."""
