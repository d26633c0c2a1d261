"""What a business asks for: checked first without a name, drafted as typed, posted, changed, withdrawn, expired."""
