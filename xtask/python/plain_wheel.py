"""Makes the wheel without an engine of the one that has it.

Usage: plain_wheel.py WHEEL DIRECTORY
"""

import base64
import hashlib
import os
import sys
import zipfile

# A fixed time, so that the same package gives the same bytes.
TIME = (2020, 1, 1, 0, 0, 0)


def main(source, directory):
    project, version = os.path.basename(source).split("-")[:2]
    target = os.path.join(directory, f"{project}-{version}-py3-none-any.whl")
    information = f"{project}-{version}.dist-info"
    files = {}
    with zipfile.ZipFile(source) as wheel:
        for name in wheel.namelist():
            # The bill of materials lists what is in the engine.
            left_out = name.endswith((".so", "/RECORD", "/WHEEL")) or "/sboms/" in name
            if not left_out:
                files[name] = wheel.read(name)
    files[f"{information}/WHEEL"] = (
        b"Wheel-Version: 1.0\n"
        b"Generator: cargo xtask python\n"
        b"Root-Is-Purelib: true\n"
        b"Tag: py3-none-any\n"
    )
    record = [f"{name},{digest(content)},{len(content)}" for name, content in files.items()]
    record.append(f"{information}/RECORD,,")
    files[f"{information}/RECORD"] = ("\n".join(record) + "\n").encode()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, content in files.items():
            wheel.writestr(zipfile.ZipInfo(name, TIME), content, zipfile.ZIP_DEFLATED)


def digest(content):
    encoded = base64.urlsafe_b64encode(hashlib.sha256(content).digest())
    return "sha256=" + encoded.rstrip(b"=").decode()


if __name__ == "__main__":
    main(*sys.argv[1:])
