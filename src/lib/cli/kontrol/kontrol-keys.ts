import { kiteKeyIdProblem } from '../../keys/kite-key.js';
import { record } from '../../util/record.js';
import { usageError } from '../runtime/cli-error.js';
import type { KontrolCommandOptions } from '../target/kontrol-flags.js';
import { printDetails } from '../terminal/details.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { type Listing, printList } from '../terminal/listing.js';
import { formatTime } from '../terminal/time.js';
import { requireConfirmation } from '../terminal/prompt.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { callAdminMethod } from './kontrol-admin.js';

type KeyPairsOptions = KontrolCommandOptions & { readonly format: OutputFormat | undefined };

/** Prints Kontrol's key pairs: a table on a terminal, otherwise one `id TAB state TAB time` line per key pair. */
export async function listKeyPairs(options: KeyPairsOptions, runtime: CommandRuntime): Promise<void> {
  const answer = await callAdminMethod(options, 'kontrol.keys', [], runtime);
  await printList(Array.isArray(answer) ? answer : [], keyPairs, options.format, runtime);
}

const keyPairs: Listing<unknown> = {
  columns: [
    { heading: 'id', text: keyPairId },
    { heading: 'state', text: (pair) => stringField(pair, 'state') },
    { heading: 'created', text: creationTime },
  ],
  data: (pair) => pair,
  name: keyPairId,
};

/** Creates a new signing key pair. Kite keys and tokens signed by the old one stay valid until they expire. */
export async function rotateKeyPair(options: KeyPairsOptions, runtime: CommandRuntime): Promise<void> {
  const answer = await callAdminMethod(options, 'kontrol.rotateKeys', [], runtime);
  const id = keyPairId(answer);
  const lines = [`Rotated the keys. The new signing key pair is ${id}`];
  const fields = [{ label: 'Key pair', value: id }];
  await printDetails({ fields, data: answer, name: id, lines }, options.format, runtime);
}

export interface RevokeKeyOptions extends KeyPairsOptions {
  /** Id of a key pair. Everything that it signed is revoked as well. */
  readonly keyPair: string | undefined;
  /** Id (`jti`) of one kite key. */
  readonly kiteKey: string | undefined;
  /** Skip the confirmation. */
  readonly yes: boolean;
}

/**
 * Revokes a key pair with everything that it signed, or one kite key. This cannot be undone.
 *
 * @throws CliError if not exactly one id is set, if no kite key can have the id, or if the revocation is not confirmed
 */
export async function revokeKey(options: RevokeKeyOptions, runtime: CommandRuntime): Promise<void> {
  const { keyPair, kiteKey, format } = options;
  const id = keyPair ?? kiteKey;
  if (id === undefined || (keyPair !== undefined && kiteKey !== undefined)) {
    throw usageError(
      'Pass either the id of a key pair or --kite-key ID.',
      'List the key pairs with: kitectl kontrol keys list. Show the id of a kite key with: kitectl showkey',
    );
  }
  const problem = kiteKey === undefined ? undefined : kiteKeyIdProblem(kiteKey);
  if (problem !== undefined)
    throw usageError(`${problem}.`, 'List the keys of a user with: kitectl kontrol users show NAME');
  const consequence = keyPair === undefined ? 'its user' : 'every user whose kite key it signed';
  await requireConfirmation(
    `Revoke ${id}? This cannot be undone, and ${consequence} must register again.`,
    options.yes,
    runtime,
  );
  const method = keyPair === undefined ? 'kontrol.revokeKiteKey' : 'kontrol.revokeKeyPair';
  const answer = await callAdminMethod(options, method, [id], runtime);
  const what = keyPair === undefined ? 'kite key' : 'key pair';
  const lines = [`Revoked the ${what} ${id}.`];
  const fields = [{ label: `Revoked ${what}`, value: id }];
  await printDetails({ fields, data: { revoked: id }, name: id, lines }, format, runtime);
  if (record(answer)['known'] === false) {
    const unknown = 'no node of this Kontrol has issued or seen a kite key with this id; compare it with';
    runtime.stderr.write(`warning: ${unknown}: kitectl kontrol users show NAME\n`);
  }
}

function keyPairId(pair: unknown): string {
  return typeof pair === 'string' ? pair : stringField(pair, 'id');
}

function stringField(pair: unknown, field: string): string {
  const value = (pair as Readonly<Record<string, unknown>> | null | undefined)?.[field];
  return typeof value === 'string' ? value : '';
}

function creationTime(pair: unknown): string {
  const { createdAt } = (pair ?? {}) as { readonly createdAt?: unknown };
  return typeof createdAt === 'number' ? formatTime(createdAt) : '';
}
