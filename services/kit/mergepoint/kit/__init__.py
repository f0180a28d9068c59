"""What every service's faces share. It imports no service; what it needs is passed in."""
