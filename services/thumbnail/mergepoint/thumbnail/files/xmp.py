"""XMP packets (ISO 16684-1): resets their orientation, and extracts their author and copyright."""

import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
DUBLIN_CORE = "http://purl.org/dc/elements/1.1/"
RIGHTS = ("http://ns.adobe.com/xap/1.0/rights/", "http://creativecommons.org/ns#")
OWNERS = {f"{{{DUBLIN_CORE}}}{name}" for name in ("rights", "creator", "contributor", "publisher")}
TURNED = re.compile(rb"(tiff:Orientation\s*(?:=\s*[\"']|>))\s*[0-9]")
LONGEST = 1 << 20


def upright(packet: bytes) -> bytes:
    """Return *packet* with its orientation, if it has one, set to 1."""
    return TURNED.sub(rb"\g<1>1", packet)


def owners(packet: bytes) -> bytes:
    """Return a packet with only the rights and authors of *packet*; empty if it has none or is unreadable."""
    if not packet or len(packet) > LONGEST or b"<!" in packet:  # no packet has a document type
        return b""
    try:
        root = ElementTree.fromstring(packet.strip(b"\0 \r\n\t"))
    except (ElementTree.ParseError, ValueError):
        return b""
    kept = Element(f"{{{RDF}}}Description")
    for description in root.iter(f"{{{RDF}}}Description"):
        for name, value in description.items():
            if _owns(name):
                kept.set(name, value)
        kept.extend(child for child in description if _owns(child.tag))
    if not len(kept) and not kept.keys():
        return b""
    packet_root = Element("{adobe:ns:meta/}xmpmeta")
    SubElement(packet_root, f"{{{RDF}}}RDF").append(kept)
    return ElementTree.tostring(packet_root)


def _owns(name: object) -> bool:
    return isinstance(name, str) and (name in OWNERS or name[1:].partition("}")[0] in RIGHTS)
