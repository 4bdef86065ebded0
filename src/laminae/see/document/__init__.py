"""All that a page shows of a model and a run, as one JSON document: the report holds it, the viewer asks for it."""

from laminae.see.document.document import Document, add_previews, document

__all__ = ["Document", "add_previews", "document"]
