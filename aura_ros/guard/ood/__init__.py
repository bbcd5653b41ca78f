"""Whether what the policy is told, sees and answers is like what it was calibrated on."""
