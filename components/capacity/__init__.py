"""How machines are paid for: kinds of capacity, the reservations a stack has, and who was promised what of them."""
