"""The parts of the local target's supervisor. Standard library only, Python 3.9 or later."""
