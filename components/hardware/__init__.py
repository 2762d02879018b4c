"""What EC2's machines are made of, as AWS states it: looked up without an account."""
