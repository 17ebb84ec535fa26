// node's ws as a relay: tells the other members of a room (the path) what one of them says. Prints its port.
const { WebSocketServer } = require("ws");

const rooms = new Map();
const broadcast = "x".repeat(Number(process.argv[2]));
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, backlog: 1024, perMessageDeflate: false }, () => {
  console.log(server.address().port);
});
server.on("connection", (socket, request) => {
  const room = rooms.get(request.url) ?? new Set();
  rooms.set(request.url, room.add(socket));
  socket.on("message", () => {
    for (const member of room) {
      if (member !== socket) member.send(broadcast);
    }
  });
  socket.on("close", () => room.delete(socket));
});
