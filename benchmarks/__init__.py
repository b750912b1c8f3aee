"""The load rig: `make bench`."""
