"""WHAT WE HAND OUT: the account, its credentials, its data, its one year."""
