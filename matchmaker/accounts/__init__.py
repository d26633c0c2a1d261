"""People, roles, institutions, branches, desks, sign-in, invitations, licences."""
