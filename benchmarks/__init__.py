"""Repeatable measurements beside their peers, on one machine in one run: `make bench`. Never part of the test run."""
