// better-sse as its users write it: one channel, every stream registered.
const http = require("node:http");
const { createSession, createChannel } = require("better-sse");

const channel = createChannel();
const server = http.createServer(async (req, res) => {
  if (req.method === "POST") {
    const parts = [];
    for await (const part of req) parts.push(part);
    channel.broadcast(Buffer.concat(parts).toString(), "message");
    res.end();
    return;
  }
  channel.register(await createSession(req, res));
});
server.listen({ port: Number(process.argv[2]), host: "127.0.0.1", backlog: 4096 });
