"""A reusable Django application: pictures made small by Mergepoint, in templates."""
