"""Personal data: what is kept of whom and for how long, and how a person takes or erases it."""
