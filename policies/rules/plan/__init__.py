"""What a run may do: rules over operations, which no policy of resources can see."""
