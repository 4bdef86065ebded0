"""The record of one forward pass: what goes in is checked, what every layer made is kept, in order."""
