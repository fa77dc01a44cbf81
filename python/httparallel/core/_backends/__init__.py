"""What carries the bytes: the interfaces that a program can implement, and the implementations there are."""
