"""For supervisors and operators: any list derived again, models with their cards, how good the order is and to whom."""
