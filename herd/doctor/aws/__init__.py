"""`herd doctor --aws`: whether an account can hold what a stack asks for, looked up before anyone runs `up`."""
