"""Bring the catalogues of translations up to date with the texts in the code: `make messages`.

python scripts/messages.py             collects every marked text, updates each language's django.po, compiles django.mo
python scripts/messages.py fr          does so for a new language too
python scripts/messages.py --check     exits with 1 and a list when something is missing, doubtful or out of date

It needs Babel, not gettext: it runs wherever the tests run. Texts keep the order of the files they stand in, without
line numbers, so that two people's changes seldom meet.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from gettext import GNUTranslations
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

PACKAGE = Path(__file__).parent.parent / "src" / "crowdsft"
LOCALE = PACKAGE / "web" / "locale"
LEFT_OUT = {"migrations", "static", "locale", "__pycache__"}
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    **dict.fromkeys(("_", "_lazy", "gettext", "gettext_lazy", "gettext_noop", "sentence"), None),
    **dict.fromkeys(("ngettext", "ngettext_lazy", "counted_sentence"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
COUNTED = re.compile(r"""\|plural:"([^",]+),([^",]+)\"""")
NO_DAY = datetime(2000, 1, 1, tzinfo=UTC)  # a date in a catalogue would only make conflicts
FULL_WIDTH = 100
NOT_NEEDED = re.compile(
    rb'"(PO-Revision-Date|POT-Creation-Date|Generated-By|Last-Translator|Report-Msgid-Bugs-To|Language-Team'
    rb"|Project-Id-Version): "
)
"""Lines of a catalogue's head that only change without a reason."""
HEADER = "# crowdsft in {}. How to translate: docs/how-to-translate.md"


def collected() -> Catalog:
    """Every marked text of the package: of its Python files, and of its templates."""
    catalog = Catalog(project="crowdsft", charset="utf-8", fuzzy=False)
    for file in sorted((*PACKAGE.rglob("*.py"), *PACKAGE.rglob("templates/**/*.*"))):
        if LEFT_OUT.isdisjoint(file.relative_to(PACKAGE).parts):
            name = file.relative_to(PACKAGE).as_posix()
            for line, text, comments, context in _texts(file):
                catalog.add(text, locations=[(name, line)], auto_comments=comments, context=context)
    return catalog


def _texts(file: Path) -> Iterable[tuple[int, str | tuple[str, ...], list[str], str | None]]:
    source = file.read_text(encoding="utf-8")
    if file.suffix != ".py":
        source = "\n".join(line.strip() for line in _as_python(source).split("\n"))
    stream = io.BytesIO(source.encode())
    return extract("python", stream, KEYWORDS, comment_tags=("Translators:",), strip_comment_tags=False)


def _as_python(template: str) -> str:
    """A template's marked texts as calls of gettext, each on its own line; so too the words of the filter `plural`."""
    counted = "".join(
        f'ngettext("%(count)s {one}", "%(count)s {many}", 2)\n' for one, many in COUNTED.findall(template)
    )
    return f"{templatize(template)}\n{counted}"


def languages() -> list[str]:
    """The languages that have a catalogue."""
    return sorted(folder.name for folder in LOCALE.iterdir() if folder.is_dir())


def read(language: str) -> Catalog:
    """The catalogue of `language`; an empty one where there is none yet."""
    file = _folder(language) / "django.po"
    if not file.exists():
        return Catalog(locale=language, project="crowdsft", charset="utf-8", fuzzy=False)
    with file.open("rb") as opened:
        return read_po(opened, locale=language, domain="django")


def write(language: str, catalog: Catalog) -> None:
    """Both files of a language: the text that people edit, and what is read from it when the platform runs."""
    _folder(language).mkdir(parents=True, exist_ok=True)
    catalog.creation_date = catalog.revision_date = NO_DAY
    catalog.header_comment = HEADER.format(catalog.locale.english_name if catalog.locale else language)
    (_folder(language) / "django.po").write_bytes(_po(catalog))
    with (_folder(language) / "django.mo").open("wb") as opened:
        write_mo(opened, catalog)


def _po(catalog: Catalog) -> bytes:
    written = io.BytesIO()
    write_po(
        written, catalog, width=FULL_WIDTH, sort_by_file=True, include_lineno=False, ignore_obsolete=True
    )
    lines = written.getvalue().splitlines(keepends=True)
    return b"".join(line for line in lines if not NOT_NEEDED.match(line))


def _folder(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES"


def faults(language: str, marked: Catalog) -> Iterator[str]:
    """What is missing, doubtful or out of date in a language, a sentence each."""
    catalog = read(language)
    for message in _texts_of(marked):
        found = catalog.get(message.id, message.context)
        where = f"{language}: {_shown(message)} ({message.locations[0][0]})"
        if found is None or not _is_translated(found):
            yield f"{where} has no translation"
        elif found.fuzzy:
            yield f"{where} is marked fuzzy: look at it, then take the mark away"
        elif wrong := sorted(_placeholders(found.string) ^ _placeholders(message.id)):
            yield f"{where}: {', '.join(wrong)} stands on one side only"
    for message in _texts_of(catalog):
        if marked.get(message.id, message.context) is None:
            yield f"{language}: {_shown(message)} is translated but stands nowhere in the code"
    if _compiled(language) != _compiled_now(catalog):
        yield f"{language}: django.mo is older than django.po"


def _texts_of(catalog: Catalog) -> Iterator[Message]:
    return (message for message in catalog if message.id)


def _parts(text: str | Iterable[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def _is_translated(message: Message) -> bool:
    return bool(message.string) and all(_parts(message.string))


def _shown(message: Message) -> str:
    return repr(_parts(message.id)[0])


def _placeholders(text: str | Iterable[str]) -> set[str]:
    """Names in {braces} and %(brackets)s, of all forms together: a form for one thing may leave its number out."""
    found = set()
    for part in _parts(text):
        found |= set(re.findall(r"%\(\w+\)[sd]", part))
        found |= {f"{{{name}}}" for _, name, _, _ in Formatter().parse(part) if name}
    return found


def _compiled(language: str) -> dict[object, str]:
    with (_folder(language) / "django.mo").open("rb") as opened:
        return _without_header(opened)


def _compiled_now(catalog: Catalog) -> dict[object, str]:
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return _without_header(compiled)


def _without_header(opened: io.IOBase) -> dict[object, str]:
    texts: dict[object, str] = GNUTranslations(opened)._catalog  # type: ignore[attr-defined, arg-type]
    return {key: text for key, text in texts.items() if key != ""}


def main() -> None:
    """Update, or check."""
    marked = collected()
    if "--check" in sys.argv:
        found = [fault for language in languages() for fault in faults(language, marked)]
        sys.exit("\n".join([*found, "Run: make messages, then translate."]) if found else 0)
    for language in sorted({*languages(), *sys.argv[1:]}):
        catalog = read(language)
        catalog.update(marked, no_fuzzy_matching=True, update_creation_date=False)
        write(language, catalog)
        missing = sum(not _is_translated(message) for message in _texts_of(catalog))
        print(f"{language}: {len(catalog)} texts, {missing} to translate")


if __name__ == "__main__":
    main()
