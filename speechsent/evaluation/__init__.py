"""How good a recogniser is, how sure we are of it, and a picture of both."""
