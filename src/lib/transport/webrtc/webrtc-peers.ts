import { ClientHeartbeat } from '../sockjs/client-heartbeat.js';
import { abortedError, DialError } from '../handshake/dial-error.js';
import { Handshake } from '../handshake/handshake.js';
import type { Abortable } from '../../util/abortable.js';
import type { Channel } from '../channel/channel.js';
import type { Clock, Timer } from '../../util/clock.js';
import type { ChannelLimits, PeerLimits } from '../limits/transport-limits.js';
import { messageOf } from '../../util/message-of.js';
import { randomHex } from '../../util/random.js';
import { SignalledChannel } from './signalled-channel.js';
import { RtcAttempt } from './rtc-attempt.js';
import { RtcChannel } from './rtc-channel.js';
import type { RtcConfiguration, RtcPlatform } from './rtc-platform.js';
import type { Signal, Signals } from './signals.js';
import { ATTEMPT_TIMEOUT } from '../limits/transport-limits.js';

export interface WebRtcPeersOptions {
  readonly signals: Signals;
  readonly platform: RtcPlatform;
  readonly configuration?: RtcConfiguration | undefined;
  readonly limits: ChannelLimits & PeerLimits;
  readonly clock: Clock;
  /** Another page has opened a channel to this one. */
  readonly accept: (channel: Channel, username: string | undefined) => void;
}

export interface PeerDialOptions {
  /** Milliseconds in which the channel has to be open; 0 = no bound. */
  readonly handshakeTimeout: number;
  readonly signal?: Abortable | undefined;
}

interface Session {
  attempt?: RtcAttempt | undefined;
  relay?: SignalledChannel | undefined;
  /** The data channel, once it is open. */
  direct?: RtcChannel | undefined;
  /** What the end of the attempt means to the side that began. */
  readonly refused?: ((error: unknown) => void) | undefined;
  timer?: Timer | undefined;
}

/** The same for the side that calls, where nothing bounds its handshake: there is another way, so that it does not wait. */
const UNBOUND_ATTEMPT = 5000;

/** The sessions of this page with others that are reached by way of one Kontrol. */
export class WebRtcPeers {
  readonly #options: WebRtcPeersOptions;
  /** By the other's id and the name of the session, which only the two know. */
  readonly #sessions = new Map<string, Session>();
  #closed = false;
  /** Without a word, the other side would take a quarter of a minute to notice. */
  readonly #pageGoes = (): void => {
    for (const session of this.#sessions.values()) session.direct?.vanish();
  };

  constructor(options: WebRtcPeersOptions) {
    this.#options = options;
    options.platform.addEventListener?.('pagehide', this.#pageGoes);
  }

  /** Sessions that are open or about to be. */
  get size(): number {
    return this.#sessions.size;
  }

  /**
   * Opens a channel to the page whose kite has this id: a data channel, or one through Kontrol where none has come up in half
   * of the time.
   */
  dial(id: string, url: string, options: PeerDialOptions): Promise<Channel> {
    const { signal, handshakeTimeout } = options;
    const { clock } = this.#options;
    if (signal?.aborted) return Promise.reject(abortedError(url, signal));
    return new Promise((resolve, reject) => {
      const name = randomHex(8);
      const key = keyOf(id, name);
      const handshake = new Handshake(new URL(url), { clock, signal, handshakeTimeout }, (error) => {
        this.#drop(key);
        reject(error);
      });
      const done = (channel: Channel): void => {
        if (handshake.succeed()) resolve(channel);
        else channel.close();
      };
      const refused = async (error: unknown): Promise<void> => {
        session.timer?.cancel();
        try {
          if (this.#closed) throw error;
          done(await this.#openRelay(id, name, session));
        } catch (why) {
          handshake.fail(failure(url, why, error));
        }
      };
      const session: Session = { refused: (error) => void refused(error) };
      this.#sessions.set(key, session);
      this.#attempt(id, name, session, done, (attempt) => attempt.offer());
      const late = (): void => session.attempt?.fail(new Error('no data channel in time'));
      session.timer = clock.setTimeout(late, handshakeTimeout > 0 ? handshakeTimeout / 2 : UNBOUND_ATTEMPT);
    });
  }

  /** Takes in what Kontrol has passed on. What it returns or throws is the answer. */
  receive(signal: Signal): unknown {
    const key = keyOf(signal.src, signal.session);
    const session = this.#sessions.get(key);
    switch (signal.type) {
      case 'offer':
        if (!session) this.#offered(signal);
        return null;
      case 'message':
        return this.#message(signal, session);
      case 'leave':
        // It may come late, when there is a session through Kontrol already.
        session?.attempt?.fail(new Error('the other page cannot'));
        return null;
      default:
        session?.attempt?.receive(signal);
        return null;
    }
  }

  /** Kontrol is gone: what goes through it has ended. */
  lost(): void {
    for (const session of this.#sessions.values()) {
      session.relay?.lost();
      session.attempt?.fail(new Error('the connection to Kontrol has ended'));
    }
  }

  /** Ends everything. */
  close(): void {
    this.#closed = true;
    this.#options.platform.removeEventListener?.('pagehide', this.#pageGoes);
    for (const session of this.#sessions.values()) {
      session.relay?.close();
      session.direct?.close();
      session.attempt?.fail(new Error('this page is closing'));
    }
  }

  #offered(signal: Signal): void {
    const { src, session: name, username } = signal;
    const session: Session = {};
    const accept = (channel: Channel): void => this.#options.accept(channel, username);
    if (this.#isFullFor(src)) {
      this.#refuse(src, name);
      return;
    }
    this.#sessions.set(keyOf(src, name), session);
    session.timer = this.#options.clock.setTimeout(() => this.#drop(keyOf(src, name)), ATTEMPT_TIMEOUT);
    this.#attempt(src, name, session, accept, (attempt) => attempt.answer(signal));
  }

  #attempt(
    id: string,
    name: string,
    session: Session,
    opened: (channel: Channel) => void,
    begin: (attempt: RtcAttempt) => void,
  ): void {
    const { platform, configuration, signals, limits } = this.#options;
    const failed = (error: unknown): void => {
      session.attempt = undefined;
      if (session.refused) session.refused(error);
      else this.#refuse(id, name);
    };
    try {
      const attempt = new RtcAttempt({
        platform,
        configuration,
        limits,
        signals,
        peer: id,
        session: name,
        opened: (connection, data) => {
          session.attempt = undefined;
          session.timer?.cancel();
          session.direct = new RtcChannel({ ...this.#channelOptions(id, name), connection, data });
          opened(session.direct);
        },
        failed,
      });
      session.attempt = attempt;
      begin(attempt);
    } catch (error) {
      failed(error);
    }
  }

  /** Goes through Kontrol, if the other side agrees. */
  async #openRelay(id: string, name: string, session: Session): Promise<Channel> {
    const relay = this.#relay(id, name, session);
    try {
      await this.#options.signals.send('message', id, { session: name, open: true });
      return relay;
    } catch (error) {
      relay.lost();
      throw error;
    }
  }

  #message(signal: Signal, session: Session | undefined): unknown {
    const { src, session: name, payload, username } = signal;
    if (payload['open'] === true && !session?.relay) {
      if (!session && this.#isFullFor(src)) throw new Error('This page has reached its limit of sessions');
      const known = session ?? {};
      this.#sessions.set(keyOf(src, name), known);
      known.attempt?.stop();
      known.attempt = undefined;
      known.timer?.cancel();
      const relay = this.#relay(src, name, known);
      // The other side has given up on it.
      known.direct?.close();
      this.#options.accept(relay, username);
      return null;
    }
    const { pieces } = payload;
    if (!session?.relay || !Array.isArray(pieces))
      throw new Error('This session has ended or was never opened');
    return session.relay.receive(pieces).then(() => null);
  }

  #relay(id: string, name: string, session: Session): SignalledChannel {
    const { signals, clock, limits } = this.#options;
    const heartbeat = new ClientHeartbeat(clock, limits.idleTimeout);
    const options = this.#channelOptions(id, name, () => heartbeat.left());
    session.relay = new SignalledChannel({ ...options, signals, peer: id, session: name });
    heartbeat.watch(session.relay);
    return session.relay;
  }

  #channelOptions(id: string, name: string, left?: () => void) {
    const { limits, clock } = this.#options;
    const owner = {
      left: (): void => {
        left?.();
        this.#ended(keyOf(id, name));
      },
    };
    return { limits, clock, remoteAddress: `webrtc://${id}`, owner };
  }

  /** A channel has ended. */
  #ended(key: string): void {
    const session = this.#sessions.get(key);
    // The data channel of a session may end after its relay has begun.
    if (session && (!session.relay || session.relay.ended)) this.#sessions.delete(key);
  }

  #refuse(id: string, name: string): void {
    this.#drop(keyOf(id, name));
    this.#options.signals.send('leave', id, { session: name }).catch(() => undefined);
  }

  #drop(key: string): void {
    const session = this.#sessions.get(key);
    this.#sessions.delete(key);
    session?.timer?.cancel();
    session?.attempt?.stop();
    session?.relay?.lost();
  }

  /** Nobody gets all the room there is. */
  #isFullFor(id: string): boolean {
    const { peers, sessionsPerPeer } = this.#options.limits;
    const own = [...this.#sessions.keys()].filter((key) => key.startsWith(keyOf(id, '')));
    return this.#sessions.size >= peers || own.length >= sessionsPerPeer;
  }
}

function keyOf(id: string, name: string): string {
  return `${id} ${name}`;
}

function failure(url: string, why: unknown, before: unknown): DialError {
  const reason = messageOf(why);
  const first = messageOf(before);
  return new DialError(
    'refused',
    url,
    `there is no data channel (${first}), and no way through Kontrol either: ${reason}`,
    { cause: why },
  );
}
