"""Node pools of an EKS cluster: machines, how they are paid for, and their generations."""
