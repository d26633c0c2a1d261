"""Cover that insurers list: versions, exclusions, claim limits, approval of the text. Nothing here ranks or sells."""
