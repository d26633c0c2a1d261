"""Debian packages that a newcomer's machine may lack: looked for, installed where that is allowed, else named.

Only apt is known here; on other systems nothing is installed and the caller says what is missing.
"""

from __future__ import annotations

import os
import shutil
import subprocess


def has_apt() -> bool:
    return shutil.which("apt-get") is not None


def is_installed(package: str) -> bool:
    if shutil.which("dpkg-query") is None:
        return False
    asked = subprocess.run(["dpkg-query", "--show", "--showformat=${db:Status-Status}", package],
                           capture_output=True, text=True)
    return asked.returncode == 0 and asked.stdout == "installed"


def install(*packages: str) -> bool:
    """Install packages through apt as root or with a sudo that asks for no password. Returns whether it worked."""
    rights = _rights()
    if not has_apt() or rights is None:
        return False
    print(f"Installing through apt: {' '.join(packages)} …", flush=True)
    if _apt(rights, "install", *packages):
        return True
    # A fresh machine has no package lists yet, or old ones.
    return _apt(rights, "update") and _apt(rights, "install", *packages)


def command_for(*packages: str) -> str:
    """The one command that a person with the right to do so types instead."""
    command = " ".join(["apt-get install --yes", *packages])
    if os.geteuid() == 0:
        return command
    return f"sudo {command}" if shutil.which("sudo") else f"su -c '{command}'"


def _rights() -> list[str] | None:
    """What to put before apt-get: nothing as root, sudo where it asks for no password, None where it may not."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        return ["sudo", "-n"]
    return None


def _apt(rights: list[str], verb: str, *packages: str) -> bool:
    options = ["--yes", "--no-install-recommends"] if verb == "install" else []
    command = [*rights, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", verb, *options, *packages]
    return subprocess.run(command, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL).returncode == 0
