import { type Handler, type Method, Kite, KiteError, type KiteOptions } from '../../../src/lib/index.js';

/** A kite with a method for every outcome of a command. */
export class TestKite {
  readonly kite: Kite;
  /** Settle the calls of `wait` in order of arrival. */
  readonly waiting: ((value: string) => void)[] = [];
  /** Fires for each call of `wait`. */
  onWait: () => void = () => {};
  /** Resolves when the connection of a call of `wait` has closed. */
  readonly callerGone: Promise<void>;
  calls = 0;
  /** The connected peers. */
  readonly peers = new Set<Parameters<Handler>[0]['client']>();

  constructor(options: KiteOptions = {}, name = 'math') {
    let gone: () => void = () => {};
    this.callerGone = new Promise((resolve) => {
      gone = resolve;
    });
    const kite = new Kite(name, '1.0.0', { ip: '127.0.0.1', port: 0, kiteKey: false, env: {}, ...options });
    this.kite = kite;
    kite.on('connect', (peer) => this.peers.add(peer));
    kite.on('disconnect', (peer) => this.peers.delete(peer));
    const open = (method: string, handler: Handler): Method =>
      kite.handle(method, handler).disableAuthentication();
    open('square', ({ args: [n] }) => {
      this.calls++;
      if (typeof n !== 'number') throw new KiteError('argumentError', 'square takes a number');
      return n * n;
    });
    open('echo', ({ args }) => args);
    open('text', () => 'line 1\nline 2');
    open('people', () => [{ name: 'bob', age: 4 }, { name: 'eve' }]);
    open('nothing', () => undefined);
    open('fail', () => {
      throw new KiteError('tooBad', 'it \u001b[31mfailed\u0007', { code: 'E42' });
    });
    open('throttled', () => 1).throttle({ interval: 3_600_000, capacity: 1 });
    open('wait', ({ signal }) => {
      signal.addEventListener('abort', () => gone(), { once: true });
      return new Promise((resolve) => {
        this.waiting.push(resolve);
        this.onWait();
      });
    });
    open('count', ({ args }) => {
      const [to, callback] = args as [number, (...values: unknown[]) => void];
      for (let i = 1; i <= to; i++) callback(i, `tick ${i}`);
      return 'done';
    });
    open('progress', ({ args }) => {
      const [{ on }] = args as [{ on: (value: unknown) => void }];
      on({ percent: 50 });
      return true;
    });
    open('talk', async ({ client }) => {
      await client.tell('kite.log', 'a log\u001b]0;title\u0007');
      await client.tell('kite.print', 'a print');
      return client.call('kite.heartbeat', [1, () => {}], { callbacks: 'connection' }).then(
        () => 'called back',
        (error: KiteError) => error.type,
      );
    });
    open('greet', async ({ client }) => {
      await client.tell('kite.print', 'Hello\u001b[2J!');
      const [name, secret] = await Promise.all([
        client.tell('kite.prompt', 'Your name\u0007?'),
        client.tell('kite.getPass', 'Your secret?'),
      ]);
      return { name, secret };
    });
    open('tail', async function* ({ args: [path] }) {
      for (let line = 1; line <= 3; line++) yield `${String(path)}: line ${line}`;
      return 'end of file';
    });
    open('upload', async ({ args: [name, chunks] }) => {
      let size = 0;
      for await (const chunk of chunks as AsyncIterable<Uint8Array>) size += chunk.length;
      return { name, size };
    });
    open('thumbnail', ({ args: [image] }) => (image as Uint8Array).subarray(0, 4));
    open('dropMe', ({ client }) => {
      client.close();
      return new Promise(() => {});
    });
    kite.handle('whoami', ({ username }) => username);
  }

  get url(): string {
    const { url } = this.kite;
    if (url === undefined) throw new Error('The kite does not listen');
    return url;
  }
}
