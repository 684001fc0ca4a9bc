import { usageError } from '../runtime/cli-error.js';
import type { KontrolCommandOptions } from '../target/kontrol-flags.js';
import { printDetails } from '../terminal/details.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { type Listing, printList } from '../terminal/listing.js';
import { formatTime } from '../terminal/time.js';
import { requireConfirmation } from '../terminal/prompt.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { administer } from './kontrol-admin.js';

type KeysOptions = KontrolCommandOptions & { readonly format: OutputFormat | undefined };

/** Prints Kontrol's key pairs: a table on a terminal, elsewhere `id TAB state TAB time`, one a line. */
export async function listKeys(options: KeysOptions, runtime: CommandRuntime): Promise<void> {
  const answer = await administer(options, 'kontrol.keys', [], runtime);
  await printList(Array.isArray(answer) ? answer : [], keyPairs, options.format, runtime);
}

const keyPairs: Listing<unknown> = {
  columns: [
    { heading: 'id', text: idOf },
    { heading: 'state', text: (pair) => textOf(pair, 'state') },
    { heading: 'made', text: madeOf },
  ],
  data: (pair) => pair,
  name: idOf,
};

/** Makes a new key pair that signs from now on. What the old one signed stays valid until it expires. */
export async function rotateKeys(options: KeysOptions, runtime: CommandRuntime): Promise<void> {
  const answer = await administer(options, 'kontrol.rotateKeys', [], runtime);
  const id = idOf(answer);
  const text = `A new key pair signs from now on: ${id}\n`;
  const fields = [{ label: 'Key pair', value: id }];
  await printDetails({ fields, data: answer, name: id, text }, options.format, runtime);
}

export interface RevokeOptions extends KeysOptions {
  /** Id of a key pair: what it signed is refused from now on. */
  readonly keyPair: string | undefined;
  /** Id (`jti`) of one kite key. */
  readonly kiteKey: string | undefined;
  /** Skip the confirmation. */
  readonly yes: boolean;
}

/** Revokes a key pair with everything that it signed, or one kite key. There is no way back. */
export async function revokeKeys(options: RevokeOptions, runtime: CommandRuntime): Promise<void> {
  const { keyPair, kiteKey, format } = options;
  const id = keyPair ?? kiteKey;
  if (id === undefined || (keyPair !== undefined && kiteKey !== undefined)) {
    throw usageError(
      'Say what to revoke: the id of a key pair, or --kite-key ID.',
      'See the key pairs with: kitectl kontrol keys list. A kite key shows its id with: kitectl showkey',
    );
  }
  const consequence = keyPair === undefined ? 'its owner' : 'everybody whose kite key it signed';
  await requireConfirmation(
    `Revoke ${id}? This cannot be undone, and ${consequence} must register again.`,
    options.yes,
    runtime,
  );
  const method = keyPair === undefined ? 'kontrol.revokeKiteKey' : 'kontrol.revokeKeyPair';
  await administer(options, method, [id], runtime);
  const what = keyPair === undefined ? 'kite key' : 'key pair';
  const text = `Revoked the ${what} ${id}.\n`;
  const fields = [{ label: `Revoked ${what}`, value: id }];
  await printDetails({ fields, data: { revoked: id }, name: id, text }, format, runtime);
}

function idOf(pair: unknown): string {
  return typeof pair === 'string' ? pair : textOf(pair, 'id');
}

function textOf(pair: unknown, field: string): string {
  const value = (pair as Readonly<Record<string, unknown>> | null | undefined)?.[field];
  return typeof value === 'string' ? value : '';
}

function madeOf(pair: unknown): string {
  const { createdAt } = (pair ?? {}) as { readonly createdAt?: unknown };
  return typeof createdAt === 'number' ? formatTime(createdAt) : '';
}
