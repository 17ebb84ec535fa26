"""Who this viewer is to a server: its device, its login, and what keeps them. `account.Account` joins them."""
