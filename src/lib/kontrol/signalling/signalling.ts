import type { Request } from '../../kite/serve/request.js';
import type { AnyPeer } from '../../kite/call/peer.js';
import { codedError, KiteError } from '../../protocol/errors.js';
import type { Logger } from '../../util/logger.js';
import { utf8Length } from '../../util/utf8.js';
import { record } from '../../util/record.js';
import type { RegistryEntry } from '../registry/registry-entry.js';
import type { KontrolLimits } from '../limits/kontrol-limits.js';
import type { Policy } from '../policy/policy.js';
import type { Registrar } from '../registry/registrar.js';
import type { Registry } from '../registry/registry.js';

const TYPES = ['offer', 'answer', 'candidate', 'leave', 'message'];

export interface SignallingOptions {
  readonly registry: Registry;
  readonly registrar: Registrar;
  readonly policy: Policy;
  readonly logger: Logger;
  readonly limits: Pick<KontrolLimits, 'signalBytes'>;
}

/** A signal takes this much room at least: so much has to be kept of each. */
const LEAST = 1024;

/**
 * `kite.handleWebRTC({type, src, dst, payload})`: passes what two kites have to tell each other before they can talk
 * directly. `src` is the id under which the caller registered over this very connection, whatever it says, and `username`
 * whose it is. A `message` is what they have to say where they cannot talk directly: it is answered when `dst` has taken it.
 */
export class Signalling {
  readonly #options: SignallingOptions;
  /** Bytes on their way from one connection to another. */
  readonly #onTheirWay = new WeakMap<object, Map<object, number>>();

  constructor(options: SignallingOptions) {
    this.#options = options;
  }

  forward(request: Request): null | Promise<unknown> {
    const { registry, registrar, policy, logger } = this.#options;
    const [argument] = request.args;
    const { type, dst, payload } = record(argument);
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
    const message: Passed = { type, src: source.kite.id, username, dst, payload };
    const passed = this.#pass(request.client, peer, message);
    if (type.toLowerCase() === 'message') return passed;
    passed.catch((error: unknown) => logger.debug(`${dst} did not take a WebRTC message: ${String(error)}`));
    return null;
  }

  /** Throws where too much is on its way already: `to` has one connection only, which whoever floods it would end. */
  #pass(from: object, to: AnyPeer, { payload, ...message }: Passed): Promise<unknown> {
    // Undefined where a function of the caller's stands at the place of its JSON.
    const json = (JSON.stringify(payload ?? null) as string | undefined) ?? 'null';
    const size = Math.max(LEAST, utf8Length(json));
    const { signalBytes } = this.#options.limits;
    const ways = this.#onTheirWay.get(from) ?? new Map<object, number>();
    const before = ways.get(to) ?? 0;
    if (before + size > signalBytes)
      throw new KiteError(
        'requestLimitError',
        `More than ${signalBytes} bytes are on their way to dst, which has to take them first`,
      );
    this.#onTheirWay.set(from, ways.set(to, before + size));
    const taken = (): void => {
      const left = (ways.get(to) ?? 0) - size;
      if (left > 0) ways.set(to, left);
      else ways.delete(to);
    };
    // Without the functions of the one, which would be functions of Kontrol's to the other. A message waits for as long
    // as dst does not read.
    const options = message.type.toLowerCase() === 'message' ? { timeout: 0 } : {};
    const signal = { ...message, payload: JSON.parse(json) as unknown };
    return to.call('kite.handleWebRTC', [signal], options).finally(taken);
  }
}

interface Passed {
  readonly type: string;
  readonly src: string;
  readonly username: string;
  readonly dst: string;
  readonly payload: unknown;
}

/** Whom nobody here can tell anything: nodes do not pass messages to each other. */
function notConnected({ remote, origin }: RegistryEntry): KiteError {
  const why = remote
    ? 'it is kept by another node of Kontrol, and messages are passed on only between kites that are connected to the same one'
    : origin === 'http'
      ? 'it has registered over HTTP, without a connection that messages could take'
      : 'it has no connection here';
  return codedError('genericError', 'notConnectedHere', `dst not registered here: ${why}`);
}
