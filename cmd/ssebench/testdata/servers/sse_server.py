"""A plain SSE server in Python's standard library: GET /events, POST /publish."""
import queue
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock

subscribers, lock = set(), Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        inbox = queue.Queue()
        with lock:
            subscribers.add(inbox)
        try:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream; charset=utf-8")
            self.send_header("Connection", "close")
            self.end_headers()
            while True:
                self.wfile.write(b"data: " + inbox.get() + b"\n\n")
        except OSError:
            pass
        finally:
            with lock:
                subscribers.discard(inbox)

    def do_POST(self):
        data = self.rfile.read(int(self.headers["Content-Length"]))
        with lock:
            for inbox in subscribers:
                inbox.put(data)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.request_queue_size = 1024
server.socket.listen(1024)
server.daemon_threads = True
print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
try:
    server.serve_forever()
except KeyboardInterrupt:
    sys.exit(0)
