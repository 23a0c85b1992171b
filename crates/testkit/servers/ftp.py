"""An FTP server for tests, by pyftpdlib: ftp.py FOLDER OPTIONS, where OPTIONS is JSON.

Prints its port, and ends when its standard input does.
"""
import json
import logging
import os
import sys
import threading

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.servers import FTPServer

folder, options = sys.argv[1], json.loads(sys.argv[2])
# Nobody reads what it says of each command, and what is not read stops it in the end.
logging.basicConfig(level=logging.ERROR)


def main():
    tls = options["tls"]
    base = FTPHandler if tls == "none" else TLS_FTPHandler

    class Handler(base):
        proto_cmds = {
            name: about for name, about in base.proto_cmds.items() if name not in options.get("without", [])
        }

        if options.get("full"):

            def ftp_STOR(self, file, mode="w"):
                self.respond("552 There is no room left.")

        if tls == "implicit":

            def handle(self):
                self.secure_connection(self.ssl_context)

            def handle_ssl_established(self):
                TLS_FTPHandler.handle(self)

    if tls != "none":
        Handler.certfile = options["certificate"]
        Handler.tls_control_required = tls == "explicit"
        Handler.tls_data_required = True
    authorizer = DummyAuthorizer()
    authorizer.add_user("ada", options["password"], folder, perm=options.get("may", "elradfmwMT"))
    Handler.authorizer = authorizer
    # Where its replies to PASV say that data is to be had.
    Handler.masquerade_address = options.get("elsewhere")
    Handler.auth_failed_timeout = 0
    server = FTPServer(("127.0.0.1", 0), Handler)
    print(server.address[1], flush=True)

    def watch():
        sys.stdin.read()
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
    server.serve_forever(handle_exit=False)


main()
