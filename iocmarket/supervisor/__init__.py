"""What `make run` executes: every process of an instance under one parent, without a container or an init system."""
