"""Serves the `connector` of a file, as production imports it, on a free port, which it prints."""

import importlib.util
import json
import socket
import sys
import threading
import time


def say_when_it_listens(port):
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.02)
        else:
            # In the form of our own connector's log line.
            print(json.dumps({"context": {"port": port}}), flush=True)
            return


def main(file):
    specification = importlib.util.spec_from_file_location("connector", file)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    threading.Thread(target=say_when_it_listens, args=(port,), daemon=True).start()
    module.connector.run(port=port)


main(sys.argv[1])
