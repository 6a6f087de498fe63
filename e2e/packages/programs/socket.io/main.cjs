const { createServer } = require('node:http');
const { Server } = require('socket.io');
const { io } = require('socket.io-client');
const server = createServer();
const hub = new Server(server);
hub.of('/chat').on('connection', (socket) => {
  socket.join('room');
  socket.on('say', (text, done) => {
    hub.of('/chat').to('room').emit('said', text.toUpperCase());
    done({ length: text.length, bytes: Buffer.from([1, 2, 3]) });
  });
  socket.on('disconnect', (reason) => console.log('server saw', reason));
});
server.listen(0, async () => {
  for (const transports of [['polling'], ['websocket']]) {
    const client = io(`http://localhost:${server.address().port}/chat`, { transports });
    await new Promise((resolve) => client.on('connect', resolve));
    const said = new Promise((resolve) => client.once('said', resolve));
    console.log(transports[0], await client.emitWithAck('say', 'hello'), await said, client.io.engine.transport.name);
    client.disconnect();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  hub.close();
});
