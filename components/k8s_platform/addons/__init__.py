"""Add-ons that run on the system pool's nodes, and the agent that watches every node."""
