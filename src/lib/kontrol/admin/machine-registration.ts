import type { Request } from '../../kite/serve/request.js';
import { codedError, KiteError } from '../../protocol/errors.js';
import { remoteIp } from '../../transport/channel/remote-address.js';
import type { Clock } from '../../util/clock.js';
import { LruMap } from '../../util/lru-map.js';
import { TokenBucket } from '../../util/token-bucket.js';
import { record } from '../../util/record.js';
import type { Invites } from './invites.js';
import type { KeyRing } from '../tokens/key-ring.js';
import { checkUsername } from '../registry/registration-record.js';
import { isStorageError } from '../storage/shared/storage.js';
import { type AdmissionLimits } from '../limits/kontrol-limits.js';

/** How people come to a kite key: with an invite, or just so, for development. */
export type RegistrationMode = 'invite' | 'open';

export interface MachineRegistrationOptions {
  readonly mode: RegistrationMode;
  readonly kontrolUser: string;
  readonly keyRing: KeyRing;
  readonly invites: Invites;
  readonly limits: AdmissionLimits;
  readonly clock: Clock;
}

type Peer = Request['client'];

/** `registerMachine`: a kite key for a person who has none yet. The one method of Kontrol that strangers may call. */
export class MachineRegistration {
  readonly #options: MachineRegistrationOptions;
  readonly #tries: LruMap<TokenBucket>;
  /** Who is asked for an invite now, and where. */
  readonly #asked = new Map<Peer, string>();

  constructor(options: MachineRegistrationOptions) {
    this.#options = options;
    this.#tries = new LruMap(options.limits.registrationAddresses, options.clock);
  }

  /** Answers with a kite key for the username in the caller's identity, or for the one that is the argument. */
  async register(request: Request): Promise<string> {
    this.#admit(request);
    const { mode, kontrolUser, keyRing } = this.#options;
    const [argument] = request.args;
    const username = checkUsername(
      typeof argument === 'string' && argument !== '' ? argument : request.kite.username,
    );
    if (mode === 'invite') await this.#demandInvite(request, username);
    else if (username === kontrolUser) {
      const message = `${kontrolUser} runs this Kontrol; a kite key for it takes an invite even where registration is open`;
      throw new KiteError('authenticationError', message);
    }
    return keyRing.newKiteKey(username);
  }

  #admit({ client }: Request): void {
    const address = remoteIp(client.remoteAddress);
    let bucket = this.#tries.get(address);
    if (!bucket) {
      const { limits, clock } = this.#options;
      bucket = new TokenBucket(limits.registrationInterval, limits.registrationAttempts, clock);
      this.#tries.set(address, bucket);
    }
    if (!bucket.take()) throw limited();
  }

  async #demandInvite(request: Request, username: string): Promise<void> {
    const [argument] = request.args;
    const invite = record(argument)['invite'] ?? (await this.#ask(request, username));
    let redeemed: boolean;
    try {
      redeemed = typeof invite === 'string' && (await this.#options.invites.redeem(invite, username));
    } catch (error) {
      if (!isStorageError(error)) throw error;
      const message =
        "Kontrol's store cannot be reached, so that the invite cannot be checked; try again later";
      throw codedError('genericError', 'storeUnavailable', message, error);
    }
    if (redeemed) return;
    const message = `The invite for ${username} is invalid, already used, or expired. The operator of Kontrol creates one with: kitectl kontrol invite ${username}`;
    throw codedError('authenticationError', 'badInvite', message);
  }

  async #ask({ client }: Request, username: string): Promise<unknown> {
    const address = remoteIp(client.remoteAddress);
    const { prompts, promptsPerAddress, promptTimeout } = this.#options.limits;
    const there = [...this.#asked.values()].filter((other) => other === address);
    if (this.#asked.size >= prompts || this.#asked.has(client) || there.length >= promptsPerAddress)
      throw limited();
    this.#asked.set(client, address);
    try {
      // Rejects at once where the caller goes away.
      return await client.call('kite.getPass', [`Invite for ${username}: `], { timeout: promptTimeout });
    } catch (cause) {
      const message = `A kite key for ${username} takes an invite, and the caller cannot be asked for it. Give it with the call: registerMachine({invite})`;
      throw codedError('authenticationError', 'inviteNeeded', message, cause);
    } finally {
      this.#asked.delete(client);
    }
  }
}

function limited(): KiteError {
  return new KiteError('requestLimitError', 'The maximum request rate is exceeded.');
}
