"""The cluster itself: control plane, access, node role, and the add-ons that nodes find when they start."""
