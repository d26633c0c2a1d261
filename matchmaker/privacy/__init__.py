"""What is kept about people and for how long, the rights over one's own data, unmasking for supervisors."""
