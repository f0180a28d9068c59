"""One command in each file of its name. Code that several commands need is in the folder above."""
