import type { Request } from '../kite/request.js';
import { KiteError } from '../protocol/errors.js';
import type { Logger } from '../util/logger.js';
import type { Entry } from './entry.js';
import type { Policy } from './policy.js';
import type { Registrar } from './registrar.js';
import type { Registry } from './registry.js';

const TYPES = ['offer', 'answer', 'candidate', 'leave', 'message'];

export interface SignallingOptions {
  readonly registry: Registry;
  readonly registrar: Registrar;
  readonly policy: Policy;
  readonly logger: Logger;
}

/**
 * `kite.handleWebRTC({type, src, dst, payload})`: passes what two kites have to tell each other before they can talk
 * directly. `src` is the id under which the caller registered over this very connection, whatever it says, and `username`
 * whose it is. A `message` is what they have to say where they cannot talk directly: it is answered when `dst` has taken it.
 */
export class Signalling {
  readonly #options: SignallingOptions;

  constructor(options: SignallingOptions) {
    this.#options = options;
  }

  forward(request: Request): null | Promise<unknown> {
    const { registry, registrar, policy, logger } = this.#options;
    const [message] = request.args;
    const { type, dst, payload } = (typeof message === 'object' && message !== null ? message : {}) as Record<
      string,
      unknown
    >;
    if (typeof type !== 'string' || !TYPES.includes(type.toLowerCase()))
      throw new KiteError('argumentError', `type must be one of ${TYPES.join(', ')}`);
    if (typeof dst !== 'string' || dst === '') throw new KiteError('genericError', 'dst not set');
    const own = registrar.entriesOf(request.client).filter(({ kite }) => kite.username === request.username);
    const source = own.find(({ kite }) => kite.id === request.kite.id) ?? own[0];
    if (!source) throw new KiteError('genericError', 'src not registered');
    const entry = registry.get(dst);
    if (!entry || !policy.allows('token', request.username, entry.kite))
      throw new KiteError('genericError', 'dst not registered');
    const peer = registrar.peerOf(entry);
    if (!peer) throw notConnected(entry);
    const { username } = request;
    const passed = peer.call('kite.handleWebRTC', [
      { type, src: source.kite.id, username, dst, payload: payload ?? null },
    ]);
    if (type.toLowerCase() === 'message') return passed;
    passed.catch((error: unknown) => logger.debug(`${dst} did not take a WebRTC message: ${String(error)}`));
    return null;
  }
}

/** Whom nobody here can tell anything: nodes do not pass messages to each other. */
function notConnected({ remote, origin }: Entry): KiteError {
  const why = remote
    ? 'it is kept by another node of Kontrol, and messages are passed on only between kites that are connected to the same one'
    : origin === 'http'
      ? 'it has registered over HTTP, without a connection that messages could take'
      : 'it has no connection here';
  return new KiteError('genericError', `dst not registered here: ${why}`, { code: 'notConnectedHere' });
}
