"""Links in imgproxy's format: signatures, options, the sources that they name, the headers of their answers.

Knows URLs. Does not know how a picture is decoded, made or written.
"""
