"""What several rules read: workloads, boot scripts, network rules, policy documents."""
