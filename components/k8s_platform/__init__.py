"""The Kubernetes platform: control plane, access, add-ons, Karpenter, and what hands accelerators to pods."""
