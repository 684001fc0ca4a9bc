// Listens at LISTEN_AT as another user, and records what it receives. Accepts WebSockets with SockJS frames, and rejects each call
// because it contains no credentials, or whatever it contains. Writes its port, then everything that it receives, to stdout. With
// LEAVES, stops listening at the first WebSocket, and responds to the first call when a line arrives on stdin.
const { createHash } = require('node:crypto');
const http = require('node:http');

const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const record = (data) => process.stdout.write(`${JSON.stringify(data)}\n`);

/** The frames that wait for the next poll of each XHR session, and the poll that waits for a frame. */
const sessions = new Map();

function poll(path, response) {
  const session = sessions.get(path);
  if (!session) {
    sessions.set(path, { frames: [], response: undefined });
    response.end('o\n');
  } else if (session.frames.length > 0) response.end(session.frames.splice(0).join(''));
  else session.response = response;
}

function send(path, text) {
  const session = sessions.get(path);
  session.frames.push(...answersTo(text).map((answer) => `${answer}\n`));
  session.response?.end(session.frames.splice(0).join(''));
  session.response = undefined;
}

const server = http.createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    record(
      `${request.method} ${request.url} ${JSON.stringify(request.headers)} ${Buffer.concat(chunks).toString()}`,
    );
    const [, path, action] = /^([^?]*)\/(xhr|xhr_send)(?:\?|$)/.exec(request.url) ?? [];
    if (action === 'xhr') return poll(path, response);
    if (action === 'xhr_send') send(path, String(Buffer.concat(chunks)));
    if (action === 'xhr_send') return response.writeHead(204).end();
    const isInfo = request.url.endsWith('/info');
    response.writeHead(isInfo ? 200 : 404, { 'content-type': 'application/json' });
    response.end(isInfo ? '{"websocket":true,"origins":["*:*"],"cookie_needed":false,"entropy":1}' : '');
  });
});

const mayRespond = process.env.LEAVES
  ? new Promise((resolve) => process.stdin.once('data', resolve))
  : undefined;

server.on('upgrade', (request, socket, head) => {
  if (mayRespond) server.close();
  record(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`);
  const accept = createHash('sha1')
    .update(request.headers['sec-websocket-key'] + MAGIC)
    .digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  socket.write(frame('o'));
  socket.on('error', () => {});
  const respond = async (text) => {
    await mayRespond;
    for (const answer of answersTo(text)) socket.write(frame(answer));
  };
  let received = head;
  const read = (chunk) => {
    received = Buffer.concat([received, chunk]);
    for (let next = unframe(received); next; next = unframe(received)) {
      received = next.rest;
      record(next.text);
      if (next.opcode === 8) socket.end();
      if (next.opcode === 1) void respond(next.text);
    }
  };
  socket.on('data', read);
  read(Buffer.alloc(0));
});

function frame(text) {
  const payload = Buffer.from(text);
  const length = payload.length;
  const head = length < 126 ? [0x81, length] : [0x81, 126, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(head), payload]);
}

function unframe(data) {
  if (data.length < 6) return undefined;
  let length = data[1] & 127;
  let at = 2;
  if (length === 126) {
    length = data.readUInt16BE(2);
    at = 4;
  }
  if (length === 127) throw new Error('The frame is longer than a call of a test');
  if (data.length < at + 4 + length) return undefined;
  const mask = data.subarray(at, at + 4);
  const payload = Buffer.from(data.subarray(at + 4, at + 4 + length));
  for (let i = 0; i < length; i++) payload[i] ^= mask[i % 4];
  return { opcode: data[0] & 15, text: payload.toString(), rest: data.subarray(at + 4 + length) };
}

function answersTo(text) {
  return [JSON.parse(text)].flat().map((message) => {
    const { callbacks = {} } = JSON.parse(message);
    const [number] = Object.keys(callbacks).filter((key) => callbacks[key][1] === 'responseCallback');
    const error = {
      type: 'authenticationError',
      message: 'No authentication information is provided',
      code: '',
      id: '0123456789abcdef',
    };
    const answer = { method: Number(number), arguments: [{ error, result: null }], callbacks: {} };
    return `a${JSON.stringify([JSON.stringify(answer)])}`;
  });
}

server.listen(0, process.env.LISTEN_AT, () => record(server.address().port));
process.stdin.on('end', () => process.exit()).resume();
