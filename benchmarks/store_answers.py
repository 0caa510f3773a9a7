"""A server that gives the answers of S3 to a put, a head, a get and a copy, and keeps its connections, as S3 does.

    python -m benchmarks.store_answers      prints its port, and serves until it is ended

The tests' server closes each connection after one answer, which costs its client as much again as some calls do. This one
looks at nothing: no signature, no checksum.
"""

import socketserver

HEAD = (
    b'ETag: "1b2cf535f27731c974343645a3985328"\r\nx-amz-request-id: 0A49CE4060975EAC\r\n'
    b"Last-Modified: Mon, 12 Oct 2009 17:50:00 GMT\r\nServer: AmazonS3\r\n"
)
COPIED = (
    b"<CopyObjectResult><LastModified>2009-10-12T17:50:00.000Z</LastModified>"
    b'<ETag>"1b2cf535f27731c974343645a3985328"</ETag></CopyObjectResult>'
)
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connection(socketserver.StreamRequestHandler):
    """Answers the requests of one connection."""

    wbufsize = -1
    disable_nagle_algorithm = True
    objects: dict[bytes, bytes] = {}  # noqa: RUF012 — of all connections

    def handle(self) -> None:
        while line := self.rfile.readline():
            method, path, _ = line.split(b" ", 2)
            fields = {}
            while (line := self.rfile.readline().strip()) != b"":
                name, _, value = line.partition(b":")
                fields[name.strip().lower()] = value.strip()
            if fields.get(b"expect"):
                self.wfile.write(CONTINUE)
                self.wfile.flush()
            body = self.rfile.read(int(fields.get(b"content-length", 0)))
            self._answer(method, path.partition(b"?")[0], fields, body)
            self.wfile.flush()

    def _answer(self, method: bytes, path: bytes, fields: dict[bytes, bytes], body: bytes) -> None:
        more = b""
        if method != b"PUT":
            data = self.objects[path]
        elif b"x-amz-copy-source" in fields:
            data = COPIED
        else:
            data, self.objects[path] = b"", body
            if told := fields.get(b"x-amz-checksum-sha256"):
                more = b"x-amz-checksum-type: FULL_OBJECT\r\nx-amz-checksum-sha256: " + told + b"\r\n"
        self.wfile.write(b"HTTP/1.1 200 OK\r\n" + HEAD + more + b"Content-Length: %d\r\n\r\n" % len(data))
        if method != b"HEAD":
            self.wfile.write(data)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128


if __name__ == "__main__":
    with Server(("127.0.0.1", 0), Connection) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()
