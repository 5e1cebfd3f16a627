"""Starts the installed service, and fetches the page and all that it links and imports. For an environment without tests."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from urllib.parse import urljoin
from urllib.request import urlopen

LINK = re.compile(
    rb"""(?:src|href)="(/static/[^"]+)"|^import [^'\n]*'(\./[^'\n]+)'|new URL\('(\./[^'\n]+)', import\.meta""", re.MULTILINE
)


def main() -> None:
    command = [sys.executable, "-m", "lineage_graph", "serve", "--port", "0"]
    service = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert service.stdout is not None
        line = service.stdout.readline()
        root = next((word.rstrip("/.,") + "/" for word in line.split() if word.startswith("http")), None)
        assert root, f"no address in {line!r}"
        found, size = [root], 0
        for address in found:
            with urlopen(address, timeout=10) as answer:
                body = answer.read()
            assert body, address
            size += len(body)
            if not address.endswith((".js", "/", ".html")):
                continue
            for match in LINK.finditer(body):
                link = urljoin(address, next(filter(None, match.groups())).decode())
                if link.startswith(root) and "/api/" not in link and link not in found:
                    found.append(link)
        assert sum(address.endswith(".js") for address in found) >= 10, found
        print(f"{len(found)} files of the page, {size / 1000:.0f} kB")
    finally:
        service.send_signal(signal.SIGTERM)
        service.wait(20)


if __name__ == "__main__":
    main()
