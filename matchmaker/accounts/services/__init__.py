"""What people and institutions do here, one verb a function."""
