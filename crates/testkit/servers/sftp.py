"""An SFTP server for tests that takes passwords, by AsyncSSH: sftp.py FOLDER OPTIONS, where OPTIONS is JSON.

Prints its port, and ends when its standard input does. OpenSSH's own server is tested by keys; it takes passwords only as root.
"""
import asyncio
import json
import os
import sys

import asyncssh

folder, options = sys.argv[1], json.loads(sys.argv[2])


class Door(asyncssh.SSHServer):
    def begin_auth(self, username):
        return True

    def password_auth_supported(self):
        return options["ask"] == "password"

    def validate_password(self, username, password):
        return username == "ada" and password == options["password"]

    def kbdint_auth_supported(self):
        return options["ask"] == "question"

    def get_kbdint_challenge(self, username, lang, submethods):
        return "", "", "", [("Password:", False)]

    def validate_kbdint_response(self, username, responses):
        return username == "ada" and responses == [options["password"]]


class Files(asyncssh.SFTPServer):
    def __init__(self, chan):
        super().__init__(chan, chroot=folder.encode())

    def open(self, path, pflags, attrs):
        if options.get("read_only") and pflags & asyncssh.FXF_WRITE:
            raise asyncssh.SFTPPermissionDenied("This is read-only.")
        return super().open(path, pflags, attrs)

    def write(self, file_obj, offset, data):
        if options.get("full"):
            raise asyncssh.SFTPFailure("No space left on device")
        return super().write(file_obj, offset, data)

    if not options.get("replaces", True):

        def posix_rename(self, oldpath, newpath):
            raise asyncssh.SFTPOpUnsupported("This server cannot do that.")

    if options.get("hostile"):

        async def scandir(self, path):
            names = ["../../etc/passwd.wav", "a\nb.wav", "a/b.mp3", "..", "empty.wav", "c\\d.wav", "fine.mp3"]
            names += ["note-%d.txt" % number for number in range(3_000)]
            for name in names:
                yield asyncssh.SFTPName(name.encode(), attrs=asyncssh.SFTPAttrs(size=0, permissions=0o100644))


async def main():
    key = asyncssh.generate_private_key("ssh-ed25519")
    server = await asyncssh.listen(
        "127.0.0.1", 0, server_host_keys=[key], server_factory=Door, sftp_factory=Files, allow_scp=False
    )
    print(server.get_port(), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
os._exit(0)
