"""Who may do what: policy documents, trust, principals."""
