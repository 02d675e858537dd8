"""Checks both wheels: what is in them, what the engine needs, and which one `pip` takes where.

Usage: check_wheels.py NATIVE PLAIN GLIBC, where GLIBC is the newest that it may need, or empty.
"""

import os
import re
import subprocess
import sys
import tempfile
import zipfile


def check(native, plain, glibc):
    with zipfile.ZipFile(native) as wheel, tempfile.TemporaryDirectory() as directory:
        names = wheel.namelist()
        modules = [name for name in names if name.endswith(".so")]
        assert modules == ["influxdb3_fivetran/_engine.abi3.so"], modules
        metadata(wheel)
        for name in ["__init__.py", "__init__.pyi", "_engine.pyi", "form.json", "py.typed"]:
            assert f"influxdb3_fivetran/{name}" in names, f"{name} is not in {native}"
        module = wheel.extract(modules[0], directory)
        exported = symbols(module, "--defined-only")
        assert exported == ["PyInit__engine"], exported
        needed = max(glibc_versions(module))
        if glibc:
            limit = tuple(map(int, glibc.split(".")))
            assert needed <= limit, f"it needs glibc {needed}, and may need {glibc}"
        size = os.path.getsize(module)
        print(f"{os.path.basename(native)}: {os.path.getsize(native) / 1e6:.1f} MB")
        print(f"  one module of {size / 1e6:.1f} MB, exports {exported[0]} alone")
        print("  needs glibc", ".".join(map(str, needed)))
    with zipfile.ZipFile(plain) as wheel:
        assert not [name for name in wheel.namelist() if name.endswith(".so")]
        metadata(wheel)
        print(f"{os.path.basename(plain)}: {os.path.getsize(plain) / 1e3:.0f} kB, no module")
    takes(native, "manylinux_2_39_x86_64", native)
    for platform in ["macosx_14_0_arm64", "win_amd64", "manylinux_2_39_aarch64"]:
        takes(native, platform, plain)


def metadata(wheel):
    name = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    text = wheel.read(name).decode()
    assert "Requires-Dist" not in text, text
    assert "Requires-Python: >=3.10" in text, text
    assert "Name: influxdb3_fivetran" in text or "Name: influxdb3-fivetran" in text, text


def symbols(module, *options):
    output = subprocess.run(
        ["nm", "--dynamic", *options, module], capture_output=True, text=True, check=True
    ).stdout
    return [line.split()[-1] for line in output.splitlines()]


def glibc_versions(module):
    for name in symbols(module, "--undefined-only"):
        found = re.search(r"@GLIBC_([\d.]+)", name)
        if found:
            yield tuple(map(int, found[1].split(".")))


def takes(native, platform, expected):
    """Which wheel `pip` takes on another platform. (`pip` names every older glibc itself.)"""
    with tempfile.TemporaryDirectory() as directory:
        platforms = [platform]
        if platform.startswith("manylinux"):
            machine = platform.split("_", 3)[3]
            platforms = [f"manylinux_2_{minor}_{machine}" for minor in range(39, 16, -1)]
        subprocess.run(
            [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download"]
            + ["--no-index", "--no-deps", "--only-binary=:all:", "--python-version", "3.12"]
            + [argument for it in platforms for argument in ("--platform", it)]
            + ["--find-links", os.path.dirname(native), "--dest", directory]
            + ["influxdb3_fivetran"],
            check=True,
        )
        (taken,) = os.listdir(directory)
        assert taken == os.path.basename(expected), f"on {platform} pip takes {taken}"
        print(f"  pip takes {taken} on {platform}")


if __name__ == "__main__":
    check(*sys.argv[1:])
