"""The parts that the faces of all services share. They import no service; each is passed what it needs."""
