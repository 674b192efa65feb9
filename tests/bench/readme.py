"""Figures go into README between markers, so that they are a script's and nobody's memory."""


def paste(file, mark, text):
    """Puts text between <!-- mark --> and <!-- /mark -->; an error where they are not there."""
    before, rest = file.read_text(encoding="utf-8").split(f"<!-- {mark} -->")
    after = rest.split(f"<!-- /{mark} -->")[1]
    file.write_text(f"{before}<!-- {mark} -->\n{text}\n<!-- /{mark} -->{after}", encoding="utf-8")


def draw(readme, plots):
    """Writes {name: SVG} to docs/ beside README."""
    for name, text in plots.items():
        (readme.parent / "docs" / f"{name}.svg").write_text(text, encoding="utf-8")
