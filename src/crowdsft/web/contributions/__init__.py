"""What contributors do: tasks on lease, drafts, contributions."""
