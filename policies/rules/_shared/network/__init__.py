"""Who may reach whom: security groups and network ACLs."""
