import { request } from 'node:http';
import { WebSocket } from 'ws';

/** The reaction of a kite to a message. */
export interface Verdict {
  /** Its answers, parsed. */
  readonly answers: unknown[];
  /** The close code, if it closed the connection. */
  readonly closed: number | undefined;
}

/** A peer that ignores the protocol: sends what the test requests and records the answers. */
export interface Attacker {
  /** Sends one dnode message in the frame of the transport. */
  message(text: string): Promise<void>;
  /** Sends a frame unchanged. Resolves with the status over HTTP. */
  frame(frame: string | Buffer): Promise<number | undefined>;
  /** Resolves once there are `count` answers or the connection is closed. */
  verdict(count: number): Promise<Verdict>;
  end(): void;
}

class WebSocketAttacker implements Attacker {
  readonly #socket: WebSocket;
  readonly #framed: boolean;
  readonly #answers: unknown[] = [];
  #closed: number | undefined;
  #changed: () => void = () => {};

  constructor(socket: WebSocket, framed: boolean) {
    this.#socket = socket;
    this.#framed = framed;
    socket.on('message', (data: Buffer) => {
      this.#answers.push(...(framed ? unframe(data.toString()) : [JSON.parse(data.toString()) as unknown]));
      this.#changed();
    });
    socket.on('error', () => {});
    socket.on('close', (code) => {
      this.#closed = code;
      this.#changed();
    });
  }

  static open(url: string, framed: boolean): Promise<WebSocketAttacker> {
    const path = framed ? '/000/attacker1/websocket' : '/websocket';
    const socket = new WebSocket(`${url.replace('http', 'ws')}${path}`, { perMessageDeflate: false });
    return new Promise((resolve, reject) => {
      const attacker = new WebSocketAttacker(socket, framed);
      socket.on('open', () => resolve(attacker));
      socket.on('error', reject);
    });
  }

  async message(text: string): Promise<void> {
    await this.frame(this.#framed ? JSON.stringify([text]) : text);
  }

  /** A Buffer is sent as text, whatever bytes it contains. */
  frame(frame: string | Buffer): Promise<undefined> {
    return new Promise((resolve) => this.#socket.send(frame, { binary: false }, () => resolve(undefined)));
  }

  async verdict(count: number): Promise<Verdict> {
    while (this.#answers.length < count && this.#closed === undefined) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
    return { answers: this.#answers.splice(0), closed: this.#closed };
  }

  end(): void {
    this.#socket.terminate();
  }
}

let sessions = 0;

class XhrAttacker implements Attacker {
  readonly #base: string;
  readonly #abort = new AbortController();
  #status = 0;

  constructor(url: string) {
    this.#base = `${url}/000/attack${sessions++}`;
  }

  static async open(url: string): Promise<XhrAttacker> {
    const attacker = new XhrAttacker(url);
    if ((await attacker.#post('xhr')) !== 'o\n') throw new Error('the session did not open');
    return attacker;
  }

  async message(text: string): Promise<void> {
    await this.frame(JSON.stringify([text]));
  }

  async frame(frame: string | Buffer): Promise<number> {
    await this.#post('xhr_send', frame).catch(() => {
      // Rejected before it was completely sent.
      this.#status = 413;
    });
    return this.#status;
  }

  async verdict(count: number): Promise<Verdict> {
    const answers: unknown[] = [];
    while (answers.length < count) {
      const frame = (await this.#post('xhr')).trim();
      if (frame.startsWith('c[')) return { answers, closed: (JSON.parse(frame.slice(1)) as [number])[0] };
      // A session without a close frame is lost: a poll opens a new one.
      if (frame === 'o') return { answers, closed: this.#status };
      answers.push(...unframe(frame));
    }
    return { answers, closed: undefined };
  }

  end(): void {
    this.#abort.abort();
  }

  #post(path: string, body: string | Buffer = ''): Promise<string> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        `${this.#base}/${path}`,
        { method: 'POST', agent: false, signal: this.#abort.signal },
        (response) => {
          let text = '';
          this.#status = response.statusCode ?? 0;
          response.on('data', (chunk: Buffer) => (text += chunk.toString()));
          response.on('error', reject);
          response.on('end', () => resolve(text));
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }
}

function unframe(frame: string): unknown[] {
  if (!frame.startsWith('a[')) return [];
  return (JSON.parse(frame.slice(1)) as string[]).map((text) => JSON.parse(text) as unknown);
}

export const attackers: Record<string, (url: string) => Promise<Attacker>> = {
  'SockJS over WebSocket': (url) => WebSocketAttacker.open(url, true),
  'raw WebSocket': (url) => WebSocketAttacker.open(url, false),
  'SockJS over XHR polling': (url) => XhrAttacker.open(url),
};
