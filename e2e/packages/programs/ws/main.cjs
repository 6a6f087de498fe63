const { WebSocket, WebSocketServer } = require('ws');
const server = new WebSocketServer({ port: 0, perMessageDeflate: { threshold: 10 } }, () => {
  const client = new WebSocket(`ws://localhost:${server.address().port}/path?x=1`, ['one', 'two'], { perMessageDeflate: true });
  const answers = [];
  client.on('open', () => {
    console.log('open', client.protocol, client.extensions);
    client.send('short');
    client.send(Buffer.from([0, 255, 1]));
    client.send('long text '.repeat(1000));
    client.ping('are you there');
  });
  client.on('pong', (data) => console.log('pong', data.toString()));
  client.on('message', (data, isBinary) => {
    answers.push([isBinary, data.length]);
    if (answers.length === 3) {
      console.log(answers);
      client.close(4001, 'enough');
    }
  });
  client.on('close', (code, reason) => {
    closed.push(`client closed ${code} ${reason}`);
    server.close();
  });
});
const closed = [];
process.on('exit', () => console.log(closed.sort().join('\n')));
server.on('connection', (socket, request) => {
  console.log('connection', request.url, request.headers.upgrade);
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  socket.on('close', (code, reason) => closed.push(`server closed ${code} ${reason}`));
});
