import { requireLoopback } from './loopback-target.js';
import type { Auth, Client } from '../../index.js';
import { type Operation, toCliError } from '../frame/failures.js';
import type { CliError } from '../runtime/cli-error.js';
import type { Spinner } from '../terminal/spinner.js';

/** A kite to dial, and the credentials for it. */
export interface DialCandidate {
  readonly url: string;
  readonly auth: Auth | null;
  /** Whether the connection must be to a loopback address. Default: false. */
  readonly onlyLoopback?: boolean;
}

export interface DialedKite {
  readonly client: Client;
  /** The URL of the kite. */
  readonly url: string;
  /** Shows progress to the user. */
  readonly spinner: Spinner;
  /** Returns the operation of a call over this connection, for error messages. */
  readonly operationFor: (method: string) => Operation;
  /** Opens another connection to the same kite, which is closed together with this one. */
  readonly openAnother: () => Promise<Client>;
}

/** Dials the candidates in order until one connects. Rejects with the failure of the last. */
export async function dialFirst(
  candidates: readonly DialCandidate[],
  spinner: Spinner,
  connect: (candidate: DialCandidate) => Client,
): Promise<DialedKite> {
  let failure: CliError | undefined;
  for (const candidate of candidates) {
    const { url } = candidate;
    const client = connect(candidate);
    try {
      await spinner.during(`Connecting to ${url}`, () => dial(client, candidate));
    } catch (error) {
      failure = toCliError(error, { description: '', target: url });
      client.close();
      continue;
    }
    return {
      client,
      url,
      spinner,
      operationFor: (method) => ({
        description: `calling ${JSON.stringify(method)} at ${url}`,
        target: url,
        withKey: candidate.auth !== null,
      }),
      openAnother: async () => {
        const client = connect(candidate);
        await dial(client, candidate).catch((error: unknown) => {
          throw toCliError(error, { description: '', target: url });
        });
        return client;
      },
    };
  }
  throw failure ?? new Error('There are no candidates to dial');
}

async function dial(client: Client, { onlyLoopback = false }: DialCandidate): Promise<void> {
  await client.dial();
  if (onlyLoopback) requireLoopback(client);
}
