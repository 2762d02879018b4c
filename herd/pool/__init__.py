"""Node pools as a stack file declares them: shown, rolled, drained and retired by editing that file."""
