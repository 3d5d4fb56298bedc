// A plain SSE server on Node's own http module: GET /events, POST /publish. Its argument is the port.
import http from "node:http";

const subscribers = new Set();

const server = http.createServer((req, res) => {
  if (req.method === "POST") {
    const chunks = [];
    req.on("data", (c) => chunks.push(c));
    req.on("end", () => {
      const event = `event: tick\ndata: ${Buffer.concat(chunks)}\n\n`;
      for (const s of subscribers) s.write(event);
      res.writeHead(204).end();
    });
    return;
  }
  res.writeHead(200, { "Content-Type": "text/event-stream" });
  res.flushHeaders();
  subscribers.add(res);
  res.on("close", () => subscribers.delete(res));
});

server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
