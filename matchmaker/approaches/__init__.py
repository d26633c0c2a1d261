"""How an institution may approach a business that it does not know: sealed cards with raised hands, and invitations."""
