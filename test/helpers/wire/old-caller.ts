import { request as httpRequest, type IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import type { Channel, ChannelReceiver } from '../../../src/lib/transport/channel/channel.js';
import {
  messageText,
  type Message,
  type Piece,
} from '../../../src/lib/transport/channel/outgoing-message.js';

/** A connection to a kite by hand: it sends the bytes of messages, and records the bytes that the kite sends. */
export interface OldCaller {
  /** Everything that the kite has sent, frame by frame. */
  readonly frames: string[];
  /** Sends messages, in one frame if the transport has frames. */
  send(texts: readonly string[]): Promise<void>;
  /** Resolves once the kite has sent `count` messages. */
  messages(count: number): Promise<void>;
  close(): void;
}

class Frames {
  readonly frames: string[] = [];
  #waiting: { readonly count: number; readonly resolve: () => void } | undefined;

  add(frame: string): void {
    if (frame === 'h') return;
    this.frames.push(frame);
    if (this.#waiting && this.#count() >= this.#waiting.count) this.#waiting.resolve();
  }

  messages(count: number): Promise<void> {
    if (this.#count() >= count) return Promise.resolve();
    return new Promise((resolve) => (this.#waiting = { count, resolve }));
  }

  #count(): number {
    return this.frames.reduce((count, frame) => {
      if (frame.startsWith('a[')) return count + (JSON.parse(frame.slice(1)) as unknown[]).length;
      return frame.startsWith('{') ? count + 1 : count;
    }, 0);
  }
}

function quoted(texts: readonly string[]): string {
  return JSON.stringify(texts);
}

async function openWebSocket(url: string, framed: boolean): Promise<OldCaller> {
  const path = framed ? '/000/anysession/websocket' : '/websocket';
  const socket = new WebSocket(url.replace('http', 'ws') + path);
  const received = new Frames();
  socket.on('message', (data: Buffer) => received.add(data.toString()));
  await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
  return {
    frames: received.frames,
    // oxlint-disable-next-line require-await -- as for the other transports
    async send(texts) {
      for (const frame of framed ? [quoted(texts)] : texts) socket.send(frame);
    },
    messages: (count) => received.messages(count),
    close: () => socket.terminate(),
  };
}

function post(url: string, body = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    httpRequest(url, { method: 'POST', agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve(text));
      response.on('error', reject);
    })
      .on('error', reject)
      .end(body);
  });
}

/** Polls: each response is one frame. */
async function openPolling(url: string): Promise<OldCaller> {
  const session = `${url}/000/anysession`;
  const received = new Frames();
  const closing = new AbortController();
  received.add((await post(`${session}/xhr`)).trimEnd());
  const polling = async (): Promise<void> => {
    while (!closing.signal.aborted) received.add((await post(`${session}/xhr`)).trimEnd());
  };
  void polling().catch(() => undefined);
  return {
    frames: received.frames,
    async send(texts) {
      await post(`${session}/xhr_send`, quoted(texts));
    },
    messages: (count) => received.messages(count),
    close: () => closing.abort(),
  };
}

/** Reads one long response, in which `end` follows each frame. */
async function openStream(url: string, path: string, method: string, end: string): Promise<OldCaller> {
  const session = `${url}/000/anysession`;
  const received = new Frames();
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    httpRequest(`${session}${path}`, { method, agent: false }, resolve).on('error', reject).end();
  });
  let text = '';
  response.on('data', (chunk: Buffer) => {
    const parts = (text + chunk.toString()).split(end);
    text = parts.pop() ?? '';
    for (const part of parts) received.add(part.replace(/^(?:\r\n)?data: /, ''));
  });
  response.on('error', () => undefined);
  return {
    frames: received.frames,
    async send(texts) {
      await post(`${session}/xhr_send`, quoted(texts));
    },
    messages: (count) => received.messages(count),
    close: () => response.destroy(),
  };
}

/** A channel in memory: what a kite sends over a data channel, before it is divided into pieces. */
class RecordedChannel implements Channel {
  readonly remoteAddress = 'page';
  readonly bufferedBytes = 0;
  readonly received = new Frames();
  receiver: ChannelReceiver | undefined;

  start(receiver: ChannelReceiver): void {
    this.receiver = receiver;
  }

  send(message: Message): void {
    // The classes of another version of the library are not those of this one.
    this.received.add(
      typeof message === 'string' ? message : messageText((message as readonly Piece[]).map(pieceText)),
    );
  }

  pause(): void {}

  resume(): void {}

  close(): void {
    this.receiver?.close(1000, '');
  }
}

function pieceText(piece: string | number | { readonly text: string }): string | number {
  return typeof piece === 'object' ? piece.text : piece;
}

/** A caller over a channel that a page has opened, such as a data channel. */
function openChannel(accept: (channel: Channel) => void): OldCaller {
  const channel = new RecordedChannel();
  accept(channel);
  return {
    frames: channel.received.frames,
    // oxlint-disable-next-line require-await -- as for the other transports
    async send(texts) {
      for (const text of texts) channel.receiver?.message(text);
    },
    messages: (count) => channel.received.messages(count),
    close: () => channel.close(),
  };
}

/** The transports over which a kite can be called. */
export const SERVED_TRANSPORTS = {
  websocket: ({ url }) => openWebSocket(url, true),
  'raw-websocket': ({ url }) => openWebSocket(url, false),
  'xhr-polling': ({ url }) => openPolling(url),
  'xhr-streaming': ({ url }) => openStream(url, '/xhr_streaming', 'POST', '\n'),
  eventsource: ({ url }) => openStream(url, '/eventsource', 'GET', '\r\n\r\n'),
  'data-channel': ({ accept }) => Promise.resolve(openChannel(accept)),
} as const satisfies Readonly<Record<string, (kite: ServedKite) => Promise<OldCaller>>>;

interface ServedKite {
  readonly url: string;
  readonly accept: (channel: Channel) => void;
}
