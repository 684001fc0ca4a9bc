import { errorText } from '../../util/message-of.js';
import type { Request } from '../../kite/serve/request.js';
import type { AnyPeer } from '../../kite/call/peer.js';
import { codedError, KiteError } from '../../protocol/errors.js';
import type { Logger } from '../../util/logger.js';
import { utf8Length } from '../../util/utf8.js';
import { record } from '../../util/record.js';
import type { RegistryEntry } from '../registry/registry-entry.js';
import type { KontrolLimits } from '../limits/kontrol-limits.js';
import type { Policy } from '../policy/policy.js';
import type { RegisteringPeer, Registrar } from '../registry/registrar.js';
import type { Registry } from '../registry/registry.js';
import type { Descent } from '../../keys/revoked-ids.js';
import { ALL_SESSIONS } from '../../transport/webrtc/signals.js';
import type { KeyRing } from '../tokens/key-ring.js';
import { type ContactSession, SignalContacts } from './signal-contacts.js';

const SIGNAL_TYPES = ['offer', 'answer', 'candidate', 'leave', 'message'];

export interface SignallingOptions {
  readonly registry: Registry;
  readonly registrar: Registrar;
  readonly policy: Policy;
  readonly keyRing: KeyRing;
  readonly logger: Logger;
  readonly limits: Pick<KontrolLimits, 'signalBytes'>;
}

/** What a page has registered with. */
interface PageCredential {
  readonly keyId: string;
  readonly kiteKey: Descent | undefined;
}

/** Minimum size at which a signal is counted: the overhead of keeping it in memory. */
const MIN_SIGNAL_BYTES = 1024;

/**
 * Implements `kite.handleWebRTC({type, src, dst, payload})`: forwards WebRTC signals between two kites. `src` is replaced with
 * the id under which the caller registered over this connection, and `username` with its user. A signal of the type `message`
 * carries data of kites that cannot connect directly; its call returns when `dst` has received it.
 */
export class Signalling {
  readonly #options: SignallingOptions;
  /** Bytes that were forwarded and not received yet, by sending and receiving connection. */
  readonly #pendingBytes = new WeakMap<object, Map<object, number>>();
  readonly #contacts = new SignalContacts<RegisteringPeer, PageCredential>();

  constructor(options: SignallingOptions) {
    this.#options = options;
    options.keyRing.on('change', () => this.#endRevoked());
  }

  forward(request: Request): null | Promise<unknown> {
    const { registry, registrar, policy, logger } = this.#options;
    const [argument] = request.args;
    const { dst, payload } = record(argument);
    const type = signalType(record(argument)['type']);
    if (typeof dst !== 'string' || dst === '') throw new KiteError('genericError', 'dst not set');
    const own = registrar.entriesOf(request.client).filter(({ kite }) => kite.username === request.username);
    const source = own.find(({ kite }) => kite.id === request.kite.id) ?? own[0];
    if (!source) throw new KiteError('genericError', 'src not registered');
    const entry = registry.get(dst);
    if (!entry || !policy.allows('token', request.username, entry.kite))
      throw new KiteError('genericError', 'dst not registered');
    const peer = registrar.peerOf(entry);
    if (!peer) throw notConnectedError(entry);
    const { username } = request;
    const signal: RelayedSignal = {
      ...(type !== undefined && { type }),
      src: source.kite.id,
      username,
      dst,
      payload,
    };
    const kind = type?.toLowerCase();
    if (kind === undefined || kind === 'offer' || record(payload)['open'] === true) {
      // A session begins, directly or through Kontrol, or may begin.
      const replaced = [
        this.#contacts.add(peer, dst, { id: source.kite.id, credential: source }),
        this.#contacts.add(request.client, source.kite.id, { id: dst, credential: entry }),
      ];
      // Otherwise a page could have more sessions than a revocation ends.
      for (const session of replaced) if (session) this.#end(session);
    }
    const sent = this.#send(request.client, peer, signal);
    if (kind === 'message') return sent;
    sent.catch((error: unknown) =>
      logger.debug(`${dst} did not receive a WebRTC signal: ${errorText(error)}`),
    );
    return null;
  }

  /** Lets pages end their sessions with pages whose credentials are revoked now. */
  #endRevoked(): void {
    const { keyRing } = this.#options;
    const revoked = ({ keyId, kiteKey }: PageCredential): boolean => keyRing.isRevokedBy(keyId, kiteKey);
    for (const session of this.#contacts.take(revoked)) this.#end(session);
  }

  /** Lets a page end its sessions with another. Versions that do not know the signal ignore it. */
  #end({ peer, own, contact }: ContactSession<RegisteringPeer, PageCredential>): void {
    const signal = { type: 'leave', src: contact.id, dst: own, payload: { session: ALL_SESSIONS } };
    peer
      .call('kite.handleWebRTC', [signal])
      .catch((error: unknown) =>
        this.#options.logger.debug(`${own} did not receive a WebRTC signal: ${errorText(error)}`),
      );
  }

  /** Throws if too many bytes are pending: flooding the receiver would end its only connection. */
  #send(from: object, to: AnyPeer, { payload, ...envelope }: RelayedSignal): Promise<unknown> {
    // Undefined if the payload is a callback of the caller.
    const json = (JSON.stringify(payload ?? null) as string | undefined) ?? 'null';
    const size = Math.max(MIN_SIGNAL_BYTES, utf8Length(json));
    const { signalBytes } = this.#options.limits;
    const byReceiver = this.#pendingBytes.get(from) ?? new Map<object, number>();
    const bytes = byReceiver.get(to) ?? 0;
    if (bytes + size > signalBytes)
      throw new KiteError(
        'requestLimitError',
        `More than ${signalBytes} bytes are pending for dst; wait until it has received them`,
      );
    this.#pendingBytes.set(from, byReceiver.set(to, bytes + size));
    const received = (): void => {
      const remaining = (byReceiver.get(to) ?? 0) - size;
      if (remaining > 0) byReceiver.set(to, remaining);
      else byReceiver.delete(to);
    };
    // The JSON round trip removes callbacks, which cannot be forwarded. A `message` waits until dst reads it.
    const options = envelope.type?.toLowerCase() === 'message' ? { timeout: 0 } : {};
    const signal = { ...envelope, payload: JSON.parse(json) as unknown };
    return to.call('kite.handleWebRTC', [signal], options).finally(received);
  }
}

/** Returns the type of a signal. Go programs may send one without a type, which Kontrol forwards as it is. */
function signalType(type: unknown): string | undefined {
  if (type === undefined || type === null || type === '') return undefined;
  if (typeof type === 'string' && SIGNAL_TYPES.includes(type.toLowerCase())) return type;
  throw new KiteError('argumentError', `type must be one of ${SIGNAL_TYPES.join(', ')}`);
}

interface RelayedSignal {
  readonly type?: string;
  readonly src: string;
  readonly username: string;
  readonly dst: string;
  readonly payload: unknown;
}

/** The error for a receiver that is not connected to this node. Nodes do not forward signals to each other. */
function notConnectedError({ remote, origin }: RegistryEntry): KiteError {
  const reason = remote
    ? 'it is connected to another node of Kontrol, and signals are forwarded only between kites that are connected to the same node'
    : origin === 'http'
      ? 'it registered over HTTP and has no connection'
      : 'it is not connected to this Kontrol';
  return codedError('genericError', 'notConnectedHere', `dst not registered here: ${reason}`);
}
