"""Run the notebooks and keep their outputs, pictures made small: `python notebooks/run.py [NAME.ipynb ...]`."""

from __future__ import annotations

import base64
import io
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from nbclient import NotebookClient
from PIL import Image

HERE = Path(__file__).resolve().parent
# Width of a kept picture (pixel), and its number of colours.
WIDTH, COLOURS = 640, 48


def executed(path: Path, folder: Path) -> Any:
    """The notebook with its outputs, run in `folder` with the package of this checkout."""
    notebook = nbformat.read(path, as_version=4)
    metadata = dict(notebook.metadata)
    inline = "module://matplotlib_inline.backend_inline"
    # Matrices are small: threads would wait for each other.
    alone = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    client = NotebookClient(
        notebook,
        timeout=300,  # as for the site: on a busy machine, 5 s of work took more than 120
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute(env={**os.environ, **alone, "MPLBACKEND": inline, "PYTHONPATH": str(HERE.parent)})
    notebook.metadata = nbformat.from_dict(metadata)
    return notebook


def shrink(notebook: Any) -> None:
    """Replace the pictures by small ones."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" in data:
                data["image/png"] = _small(data["image/png"])


def _small(encoded: str) -> str:
    with Image.open(io.BytesIO(base64.b64decode(encoded))) as image:
        size = min(WIDTH, image.width), round(image.height * min(WIDTH / image.width, 1.0))
        small = image.convert("RGB").resize(size, Image.Resampling.LANCZOS).quantize(COLOURS)
    made = io.BytesIO()
    small.save(made, format="png", optimize=True)
    return base64.b64encode(made.getvalue()).decode("ascii") + "\n"


def main(names: list[str]) -> None:
    """Run the notebooks of these names, or all."""
    for path in [HERE / name for name in names] or sorted(HERE.glob("*.ipynb")):
        with TemporaryDirectory() as folder:
            notebook = executed(path, Path(folder))
        shrink(notebook)
        nbformat.write(notebook, path)
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
