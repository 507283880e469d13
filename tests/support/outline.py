"""Parses a page into what it contains."""

import html.parser


class Outline(html.parser.HTMLParser):
    """Headings in order, attributes, texts, and tags left open."""

    def __init__(self, text: str):
        super().__init__()
        self.headings: list[int] = []
        self.attributes: list[tuple[str, str]] = []
        self.tags: set[str] = set()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(
        self, tag: str, attrs: list[tuple[str, str | None]]
    ) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag in ("h1", "h2", "h3"):
            self.headings.append(int(tag[1]))
        if tag not in ("meta", "link", "input", "img"):
            self.open.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
