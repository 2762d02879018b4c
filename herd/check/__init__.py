"""Judge what a stack registers, what is deployed and what people hold in files, by the law in `policies`."""
