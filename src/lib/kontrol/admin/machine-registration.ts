import type { Request } from '../../kite/serve/request.js';
import { codedError, KiteError } from '../../protocol/errors.js';
import { remoteIp } from '../../transport/channel/remote-address.js';
import type { Clock } from '../../util/clock.js';
import { addressBlock } from '../../util/ip-addresses.js';
import { KeyedRates } from '../../util/keyed-rates.js';
import { record } from '../../util/record.js';
import type { Invites } from './invites.js';
import type { KeyRing } from '../tokens/key-ring.js';
import { checkUsername } from '../registry/registration-record.js';
import { isStorageError, type StoredInvite } from '../storage/shared/storage.js';
import { type AdmissionLimits } from '../limits/kontrol-limits.js';

/** Whether a user needs an invite to get a kite key. `open`, without invites, is for development. */
export type RegistrationMode = 'invite' | 'open';

export interface MachineRegistrationOptions {
  readonly mode: RegistrationMode;
  readonly kontrolUser: string;
  readonly keyRing: KeyRing;
  readonly invites: Invites;
  readonly limits: AdmissionLimits;
  readonly clock: Clock;
}

type MachinePeer = Request['client'];

/** Implements `registerMachine`, which issues a user's first kite key. It does not require authentication. */
export class MachineRegistration {
  readonly #options: MachineRegistrationOptions;
  readonly #rateLimits: KeyedRates;
  /** Callers that are being prompted for an invite, with their addresses, or /64 networks. */
  readonly #prompted = new Map<MachinePeer, string>();

  constructor(options: MachineRegistrationOptions) {
    this.#options = options;
    const { registrationInterval, registrationAttempts, registrationAddresses } = options.limits;
    this.#rateLimits = new KeyedRates(
      registrationInterval,
      registrationAttempts,
      registrationAddresses,
      options.clock,
    );
  }

  /** Returns a kite key for the username in the argument, or for the one in the caller's identity. */
  async register(request: Request): Promise<string> {
    this.#checkRate(request);
    const { mode, kontrolUser, keyRing } = this.#options;
    const [argument] = request.args;
    const username = checkUsername(
      typeof argument === 'string' && argument !== '' ? argument : request.kite.username,
    );
    let keyTtl: number | undefined;
    if (mode === 'invite') keyTtl = (await this.#requireInvite(request, username)).keyTtl;
    else if (username === kontrolUser) {
      const message = `${kontrolUser} runs this Kontrol; a kite key for this user requires an invite even if registration is open`;
      throw new KiteError('authenticationError', message);
    }
    return keyRing.newKiteKey(username, keyTtl);
  }

  #checkRate({ client }: Request): void {
    const address = addressBlock(remoteIp(client.remoteAddress));
    if (!this.#rateLimits.take(address)) throw rateLimitError();
  }

  async #requireInvite(request: Request, username: string): Promise<StoredInvite> {
    const [argument] = request.args;
    const invite = record(argument)['invite'] ?? (await this.#promptForInvite(request, username));
    const { invites, keyRing } = this.#options;
    const revokedUntil = keyRing.revokedUntil(username);
    let redeemed: StoredInvite | undefined;
    try {
      redeemed = typeof invite === 'string' ? await invites.redeem(invite, username) : undefined;
    } catch (error) {
      if (!isStorageError(error)) throw error;
      const message = "Kontrol's store cannot be reached to check the invite; try again later";
      throw codedError('genericError', 'storeUnavailable', message, error);
    }
    // A key that is issued now would not be covered if the user was revoked meanwhile.
    if (redeemed && keyRing.revokedUntil(username) === revokedUntil) return redeemed;
    const message = `The invite for ${username} is invalid, already used, or expired`;
    throw codedError('authenticationError', 'badInvite', message);
  }

  async #promptForInvite({ client }: Request, username: string): Promise<unknown> {
    const address = addressBlock(remoteIp(client.remoteAddress));
    const { prompts, promptsPerAddress, promptTimeout } = this.#options.limits;
    const fromAddress = [...this.#prompted.values()].filter((other) => other === address).length;
    if (this.#prompted.size >= prompts || this.#prompted.has(client) || fromAddress >= promptsPerAddress)
      throw rateLimitError();
    this.#prompted.set(client, address);
    try {
      // Rejects immediately if the caller disconnects.
      return await client.call('kite.getPass', [`Invite for ${username}: `], { timeout: promptTimeout });
    } catch (cause) {
      const message = `A kite key for ${username} requires an invite, and the caller cannot be prompted for it. Pass it as registerMachine({invite})`;
      throw codedError('authenticationError', 'inviteNeeded', message, cause);
    } finally {
      this.#prompted.delete(client);
    }
  }
}

function rateLimitError(): KiteError {
  return new KiteError('requestLimitError', 'The maximum request rate is exceeded.');
}
