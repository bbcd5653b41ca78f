"""Training of the policy that ships: data from scripted experts, and a small network."""
