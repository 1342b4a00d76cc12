"""The wheel contains the kernels as native code, for one platform and all versions of Python.

This takes a C compiler: one of this machine, or else the package ziglang, which is installed for
the build. Without any, the wheel is built all the same, and its kernels run interpreted.
"""

from __future__ import annotations

import sys
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.tags import sys_tags


class KernelHook(BuildHookInterface):
    """Builds the kernel library into a wheel. A checkout builds its own when it first runs."""

    def dependencies(self) -> list[str]:
        """Requirements of a wheel build besides Hatchling."""
        if self.target_name != "wheel":
            return []
        sys.path.insert(0, self.root)
        from sbpath.native.build import compilers

        # Imported by the kernel modules.
        return [
            "numpy>=2.0",
            "pydantic>=2.6",
            "lazy_loader>=0.4",
            *([] if any(compilers()) else ["ziglang>=0.13"]),
        ]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the library and tag the wheel with its platform."""
        if self.target_name != "wheel" or version == "editable":
            return
        sys.path.insert(0, self.root)
        from sbpath.kernels import ENTRIES
        from sbpath.native.build import NoCompilerError
        from sbpath.native.library import install

        try:
            library = install(ENTRIES, Path(self._folder.name))
        except NoCompilerError as error:
            self.app.display_warning(f"no native code ({error}); kernels run interpreted")
            return
        build_data["force_include"][str(library)] = f"sbpath/native/{library.name}"
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{_platform()}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the build folder."""
        self._folder.cleanup()

    @cached_property
    def _folder(self) -> TemporaryDirectory[str]:
        return TemporaryDirectory()


def _platform() -> str:
    """Tag of the present platform, without a claim about older ones."""
    tags = (tag.platform for tag in sys_tags())
    return next(platform for platform in tags if not platform.startswith(("manylinux", "musllinux")))
