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
import { ALL_SESSIONS, type Signal, type Signals } from './signals.js';
import { ATTEMPT_TIMEOUT } from '../limits/transport-limits.js';

export interface WebRtcPeersOptions {
  readonly signals: Signals;
  readonly platform: RtcPlatform;
  readonly configuration?: RtcConfiguration | undefined;
  readonly limits: ChannelLimits & PeerLimits;
  readonly clock: Clock;
  /** Called when another page has opened a channel to this page. */
  readonly accept: (channel: Channel, username: string | undefined) => void;
}

export interface PeerDialOptions {
  /** Timeout of the handshake in milliseconds; 0 disables the timeout. */
  readonly handshakeTimeout: number;
  readonly signal?: Abortable | undefined;
}

interface PeerSession {
  attempt?: RtcAttempt | undefined;
  /** The channel through Kontrol. */
  signalled?: SignalledChannel | undefined;
  /** The data channel, once it is open. */
  direct?: RtcChannel | undefined;
  /** Called when the attempt of the page that dials has failed. */
  readonly failed?: ((error: unknown) => void) | undefined;
  timer?: Timer | undefined;
}

/** Timeout of the attempt to open a data channel if the handshake has none, in milliseconds. Then the session uses Kontrol. */
const DEFAULT_ATTEMPT_TIMEOUT = 5000;

/** The sessions of this page with other pages of one Kontrol. */
export class WebRtcPeers {
  readonly #options: WebRtcPeersOptions;
  /** The key is the id of the peer and the id of the session. */
  readonly #sessions = new Map<string, PeerSession>();
  #closed = false;
  /** Without a close message, the peer would detect it after about 15 seconds. */
  readonly #onPageHide = (): void => {
    for (const session of this.#sessions.values()) session.direct?.closeNow();
  };

  constructor(options: WebRtcPeersOptions) {
    this.#options = options;
    options.platform.addEventListener?.('pagehide', this.#onPageHide);
  }

  /** Number of sessions, including those that are being opened. */
  get size(): number {
    return this.#sessions.size;
  }

  /**
   * Opens a channel to the page whose kite has this id: a data channel, or a channel through Kontrol if the data channel does
   * not open within half of the timeout. Rejects with a `DialError`.
   */
  dial(id: string, url: string, options: PeerDialOptions): Promise<Channel> {
    const { signal, handshakeTimeout } = options;
    const { clock } = this.#options;
    if (signal?.aborted) return Promise.reject(abortedError(url, signal));
    return new Promise((resolve, reject) => {
      const sessionId = randomHex(8);
      const key = sessionKey(id, sessionId);
      const handshake = new Handshake(new URL(url), { clock, signal, handshakeTimeout }, (error) => {
        this.#drop(key);
        reject(error);
      });
      const opened = (channel: Channel): void => {
        if (handshake.succeed()) resolve(channel);
        else channel.close();
      };
      const openThroughKontrol = async (attemptError: unknown): Promise<void> => {
        session.timer?.cancel();
        try {
          if (this.#closed) throw attemptError;
          opened(await this.#openSignalled(id, sessionId, session));
        } catch (error) {
          handshake.fail(peerDialError(url, error, attemptError));
        }
      };
      const session: PeerSession = { failed: (error) => void openThroughKontrol(error) };
      this.#sessions.set(key, session);
      this.#attempt(id, sessionId, session, opened, (attempt) => attempt.offer());
      const onTimeout = (): void => session.attempt?.fail(new Error('timeout of the data channel'));
      const timeout = handshakeTimeout > 0 ? handshakeTimeout / 2 : DEFAULT_ATTEMPT_TIMEOUT;
      session.timer = clock.setTimeout(onTimeout, timeout);
    });
  }

  /** Handles a signal that Kontrol has forwarded. Returns or throws the response. */
  receive(signal: Signal): unknown {
    const key = sessionKey(signal.src, signal.session);
    const session = this.#sessions.get(key);
    switch (signal.type) {
      case 'offer':
        if (!session) this.#handleOffer(signal);
        return null;
      case 'message':
        return this.#handleMessage(signal, session);
      case 'leave':
        if (signal.session === ALL_SESSIONS) this.#endSessions(signal.src);
        // May arrive after the session has switched to Kontrol.
        session?.attempt?.fail(new Error('the other page refused'));
        return null;
      default:
        session?.attempt?.receive(signal);
        return null;
    }
  }

  /** Ends the sessions through Kontrol, and the attempts, because the connection to Kontrol has ended. */
  kontrolDisconnected(): void {
    for (const session of this.#sessions.values()) {
      session.signalled?.drop();
      session.attempt?.fail(new Error('the connection to Kontrol has ended'));
    }
  }

  /** Closes all sessions. */
  close(): void {
    this.#closed = true;
    this.#options.platform.removeEventListener?.('pagehide', this.#onPageHide);
    for (const session of this.#sessions.values()) {
      session.signalled?.close();
      session.direct?.close();
      session.attempt?.fail(new Error('this page is closing'));
    }
  }

  /** Ends all sessions with a page. */
  #endSessions(id: string): void {
    const [code, reason] = [1008, 'The other page has ended its sessions, or lost its access'] as const;
    for (const [key, { attempt, signalled, direct }] of this.#sessions) {
      if (!key.startsWith(sessionKey(id, ''))) continue;
      attempt?.fail(new Error(reason));
      signalled?.close(code, reason);
      direct?.close(code, reason);
    }
  }

  #handleOffer(signal: Signal): void {
    const { src, session: sessionId, username } = signal;
    const session: PeerSession = {};
    const accept = (channel: Channel): void => this.#options.accept(channel, username);
    if (this.#isFullFor(src)) {
      this.#refuse(src, sessionId);
      return;
    }
    this.#sessions.set(sessionKey(src, sessionId), session);
    session.timer = this.#options.clock.setTimeout(
      () => this.#drop(sessionKey(src, sessionId)),
      ATTEMPT_TIMEOUT,
    );
    this.#attempt(src, sessionId, session, accept, (attempt) => attempt.answer(signal));
  }

  #attempt(
    id: string,
    sessionId: string,
    session: PeerSession,
    opened: (channel: Channel) => void,
    begin: (attempt: RtcAttempt) => void,
  ): void {
    const { platform, configuration, signals, limits } = this.#options;
    const failed = (error: unknown): void => {
      session.attempt = undefined;
      if (session.failed) session.failed(error);
      else this.#refuse(id, sessionId);
    };
    try {
      const attempt = new RtcAttempt({
        platform,
        configuration,
        limits,
        signals,
        peer: id,
        session: sessionId,
        opened: (connection, data) => {
          session.attempt = undefined;
          session.timer?.cancel();
          session.direct = new RtcChannel({ ...this.#channelOptions(id, sessionId), connection, data });
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

  /** Opens a channel through Kontrol, if the peer accepts it. */
  async #openSignalled(id: string, sessionId: string, session: PeerSession): Promise<Channel> {
    const channel = this.#makeSignalled(id, sessionId, session);
    try {
      await this.#options.signals.send('message', id, { session: sessionId, open: true });
      return channel;
    } catch (error) {
      channel.drop();
      throw error;
    }
  }

  #handleMessage(signal: Signal, session: PeerSession | undefined): unknown {
    const { src, session: sessionId, payload, username } = signal;
    if (payload['open'] === true && !session?.signalled) {
      if (!session && this.#isFullFor(src)) throw new Error('This page has reached its limit of sessions');
      const accepted = session ?? {};
      this.#sessions.set(sessionKey(src, sessionId), accepted);
      accepted.attempt?.stop();
      accepted.attempt = undefined;
      accepted.timer?.cancel();
      const channel = this.#makeSignalled(src, sessionId, accepted);
      // The peer has given up the data channel.
      accepted.direct?.close();
      this.#options.accept(channel, username);
      return null;
    }
    const { pieces } = payload;
    if (!session?.signalled || !Array.isArray(pieces))
      throw new Error('This session has ended or was never opened');
    return session.signalled.receive(pieces).then(() => null);
  }

  #makeSignalled(id: string, sessionId: string, session: PeerSession): SignalledChannel {
    const { signals, clock, limits } = this.#options;
    const heartbeat = new ClientHeartbeat(clock, limits.idleTimeout);
    const options = this.#channelOptions(id, sessionId, () => heartbeat.channelEnded());
    session.signalled = new SignalledChannel({ ...options, signals, peer: id, session: sessionId });
    heartbeat.watch(session.signalled);
    return session.signalled;
  }

  #channelOptions(id: string, sessionId: string, onEnd?: () => void) {
    const { limits, clock } = this.#options;
    const owner = {
      channelEnded: (): void => {
        onEnd?.();
        this.#channelEnded(sessionKey(id, sessionId));
      },
    };
    return { limits, clock, remoteAddress: `webrtc://${id}`, owner };
  }

  /** Removes the session of a channel that has ended. */
  #channelEnded(key: string): void {
    const session = this.#sessions.get(key);
    // The data channel may end after the session has switched to Kontrol.
    if (session && (!session.signalled || session.signalled.ended)) this.#sessions.delete(key);
  }

  #refuse(id: string, sessionId: string): void {
    this.#drop(sessionKey(id, sessionId));
    this.#options.signals.send('leave', id, { session: sessionId }).catch(() => undefined);
  }

  #drop(key: string): void {
    const session = this.#sessions.get(key);
    this.#sessions.delete(key);
    session?.timer?.cancel();
    session?.attempt?.stop();
    session?.signalled?.drop();
  }

  /** Whether the limit of sessions, or of sessions with this peer, is reached. */
  #isFullFor(id: string): boolean {
    const { peers, sessionsPerPeer } = this.#options.limits;
    const withPeer = [...this.#sessions.keys()].filter((key) => key.startsWith(sessionKey(id, '')));
    return this.#sessions.size >= peers || withPeer.length >= sessionsPerPeer;
  }
}

function sessionKey(id: string, sessionId: string): string {
  return `${id} ${sessionId}`;
}

function peerDialError(url: string, error: unknown, attemptError: unknown): DialError {
  return new DialError(
    'refused',
    url,
    `no data channel (${messageOf(attemptError)}), and no channel through Kontrol: ${messageOf(error)}`,
    { cause: error },
  );
}
