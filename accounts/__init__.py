"""PEOPLE: who they are, their unit, what they may do, who stands in for them, what was done, how we reach them."""
