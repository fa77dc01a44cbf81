"""The header `Link` (RFC 8288), as `Response.links` shows it."""

from __future__ import annotations


def parse_links(value: str) -> list[dict[str, str]]:
    """Each link of a `Link` header: its target as `url`, and its parameters by name.

    >>> parse_links('<https://example.org/2>; rel="next", </>; rel=start')
    [{'url': 'https://example.org/2', 'rel': 'next'}, {'url': '/', 'rel': 'start'}]
    """
    import re

    parameter = r"""\s*;\s*([^\s=;,]+)\s*=\s*("(?:[^"\\]|\\.)*"|'[^']*'|[^\s;,]*)"""
    links = []
    for match in re.finditer(rf"<([^>]*)>((?:{parameter}|\s*;)*)", value):
        link = {"url": match[1].strip()}
        for name, text in re.findall(parameter, match[2]):
            link.setdefault(name, text.strip("\"'"))
        links.append(link)
    return links
