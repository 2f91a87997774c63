"""Files of the repository outside docs/ that a page links to come along into the site.

On the disk, and wherever the repository is shown, such links lead to the file itself.
"""

import posixpath
import re
from pathlib import Path, PurePosixPath
from typing import Any

ROOT = Path(__file__).parents[1]
BESIDE = "repository"  # where they lie in the site
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)(?=[)#])")


def on_files(files: Any, config: Any) -> Any:
    """Add every file that is linked to, and what those pages link to; MkDocs calls this."""
    from mkdocs.structure.files import File

    left = [file.src_uri for file in files.documentation_pages()]
    while left:
        page = left.pop()
        for target in linked(page, _text(page, files)):
            place = in_site(target)
            if place.startswith(BESIDE) and files.get_file_from_path(place) is None:
                source = str(ROOT / target)
                files.append(File.generated(config, place, abs_src_path=source))
                left += [place] if place.endswith(".md") else []
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Let links lead to where files lie in the site; MkDocs calls this."""
    here = page.file.src_uri

    def moved(link: re.Match[str]) -> str:
        target = in_repository(here, link[1])
        if not (ROOT / target).exists():
            return link[1]
        return posixpath.relpath(in_site(target), posixpath.dirname(here) or ".")

    return LINK.sub(moved, markdown)


def linked(page: str, markdown: str) -> list[str]:
    """Files of the repository that a page of the site links to, as paths from its root."""
    targets = [in_repository(page, link) for link in LINK.findall(markdown)]
    return [target for target in targets if (ROOT / target).is_file()]


def in_repository(page: str, link: str) -> str:
    """Where a link of a page leads, as a path from the repository's root.

    Example:
        >>> in_repository("howto/deploy.md", "../../examples/onnx_minimal.py")
        'examples/onnx_minimal.py'
        >>> in_repository("repository/SECURITY.md", "docs/doctor.md")
        'docs/doctor.md'
    """
    path = PurePosixPath(page)
    beside = path.parts[0] == BESIDE
    home = PurePosixPath(*path.parts[1:]) if beside else PurePosixPath("docs") / path
    return posixpath.normpath(posixpath.join(home.parent, link))


def in_site(target: str) -> str:
    """Where a file of the repository lies in the site.

    Example:
        >>> in_site("docs/doctor.md"), in_site("SECURITY.md")
        ('doctor.md', 'repository/SECURITY.md')
    """
    return target.removeprefix("docs/") if target.startswith("docs/") else f"{BESIDE}/{target}"


def _text(page: str, files: Any) -> str:
    file = files.get_file_from_path(page)
    return str(file.content_string) if file is not None else ""
