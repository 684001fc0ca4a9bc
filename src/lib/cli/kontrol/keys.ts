import { usageError } from '../cli-error.js';
import { toJson } from '../json.js';
import type { KontrolOptions } from '../kontrol-client.js';
import { type Surroundings, write } from '../surroundings.js';
import { administer } from './admin.js';

type KeysOptions = KontrolOptions & { readonly json: boolean };

/** Prints Kontrol's key pairs: a table on a terminal, elsewhere `id TAB state TAB time`, one a line. */
export async function listKeys(options: KeysOptions, surroundings: Surroundings): Promise<void> {
  const { stdout } = surroundings;
  const answer = await administer(options, 'kontrol.keys', [], surroundings);
  if (options.json) return write(stdout, `${toJson(answer)}\n`);
  const pairs = Array.isArray(answer) ? answer.map(fields) : [];
  if (stdout.isTTY !== true) return write(stdout, pairs.map((row) => `${row.join('\t')}\n`).join(''));
  const { formatColumns } = await import('../terminal.js');
  return write(stdout, formatColumns(['id', 'state', 'made'], pairs, surroundings));
}

/** Makes a new key pair that signs from now on. What the old one signed stays valid until it expires. */
export async function rotateKeys(options: KeysOptions, surroundings: Surroundings): Promise<void> {
  const answer = await administer(options, 'kontrol.rotateKeys', [], surroundings);
  const id = idOf(answer);
  await write(
    surroundings.stdout,
    options.json ? `${toJson(answer)}\n` : `A new key pair signs from now on: ${id}\n`,
  );
}

export interface RevokeOptions extends KeysOptions {
  /** Id of a key pair: what it signed is refused from now on. */
  readonly keyPair: string | undefined;
  /** Id (`jti`) of one kite key. */
  readonly kiteKey: string | undefined;
}

/** Revokes a key pair with everything that it signed, or one kite key. There is no way back. */
export async function revokeKeys(options: RevokeOptions, surroundings: Surroundings): Promise<void> {
  const { keyPair, kiteKey, json } = options;
  const id = keyPair ?? kiteKey;
  if (id === undefined || (keyPair !== undefined && kiteKey !== undefined)) {
    throw usageError(
      'Say what to revoke: the id of a key pair, or --kite-key ID.',
      'See the key pairs with: kitectl kontrol keys list. A kite key shows its id with: kitectl showkey',
    );
  }
  const method = keyPair === undefined ? 'kontrol.revokeKiteKey' : 'kontrol.revokeKeyPair';
  await administer(options, method, [id], surroundings);
  const what = keyPair === undefined ? 'kite key' : 'key pair';
  await write(surroundings.stdout, json ? `${toJson({ revoked: id })}\n` : `Revoked the ${what} ${id}.\n`);
}

function fields(pair: unknown): string[] {
  const { id, state, createdAt } = (pair ?? {}) as { id?: unknown; state?: unknown; createdAt?: unknown };
  const made = typeof createdAt === 'number' ? new Date(createdAt).toISOString() : '';
  return [typeof id === 'string' ? id : '', typeof state === 'string' ? state : '', made];
}

function idOf(answer: unknown): string {
  if (typeof answer === 'string') return answer;
  const { id } = (answer ?? {}) as { id?: unknown };
  return typeof id === 'string' ? id : '';
}
