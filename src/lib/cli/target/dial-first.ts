import { requireLoopback } from './loopback-target.js';
import type { Auth, Client } from '../../index.js';
import { type Operation, toCliError } from '../frame/failures.js';
import type { CliError } from '../runtime/cli-error.js';
import type { Spinner } from '../terminal/spinner.js';

/** A kite that may be called, and the credentials for it. */
export interface DialCandidate {
  readonly url: string;
  readonly auth: Auth | null;
  /** Whether nothing may be sent to another machine than this one. Default false. */
  readonly onlyLoopback?: boolean;
}

export interface ConnectedKite {
  readonly client: Client;
  /** The kite that is connected. */
  readonly url: string;
  /** Tells the person what takes long. */
  readonly spinner: Spinner;
  /** What the calls over this connection are doing, for when they fail. */
  readonly operationFor: (method: string) => Operation;
  /** One more connection to the same kite, closed with this one. */
  readonly openAnother: () => Promise<Client>;
}

/** Dials one after the other until a connection stands. Rejects with what stood in the way of the last. */
export async function dialFirst(
  offers: readonly DialCandidate[],
  spinner: Spinner,
  connect: (offer: DialCandidate) => Client,
): Promise<ConnectedKite> {
  let failure: CliError | undefined;
  for (const offer of offers) {
    const { url } = offer;
    const client = connect(offer);
    try {
      await spinner.during(`Connecting to ${url}`, () => dial(client, offer));
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
        withKey: offer.auth !== null,
      }),
      openAnother: async () => {
        const one = connect(offer);
        await dial(one, offer).catch((error: unknown) => {
          throw toCliError(error, { description: '', target: url });
        });
        return one;
      },
    };
  }
  throw failure ?? new Error('There is nothing to dial');
}

async function dial(client: Client, { onlyLoopback = false }: DialCandidate): Promise<void> {
  await client.dial();
  if (onlyLoopback) requireLoopback(client);
}
