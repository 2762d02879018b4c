"""Home directories: FSx for OpenZFS or EFS."""
