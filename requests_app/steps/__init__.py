"""The only writers of a request, one module per step of the SOP.

Every function takes `by=` and `now=`, runs in one transaction, locks the row, asks
`policies.check`, writes, and ends in `Act.finish` (move.py), which changes the status,
keeps the clock, records the act and writes the rows for every mail and notice.
"""
