"""What is done to requests for cover: asked, taken up, quoted or declined, answered, ended."""
