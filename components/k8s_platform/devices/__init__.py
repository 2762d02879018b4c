"""What hands accelerators and EFA interfaces to pods, and what measures them."""
