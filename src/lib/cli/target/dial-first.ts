import type { Auth, Client } from '../../index.js';
import { type Doing, toCliError } from '../frame/failures.js';
import type { CliError } from '../runtime/cli-error.js';
import type { Spinner } from '../terminal/spinner.js';

/** A kite that may be called, and the credentials for it. */
export interface Offer {
  readonly url: string;
  readonly auth: Auth | null;
}

export interface Connected {
  readonly client: Client;
  /** The kite that is connected. */
  readonly url: string;
  /** Tells the person what takes long. */
  readonly spinner: Spinner;
  /** What the calls over this connection are doing, for when they fail. */
  readonly doing: (method: string) => Doing;
  /** One more connection to the same kite, closed with this one. */
  readonly another: () => Promise<Client>;
}

/** Dials one after the other until a connection stands. Rejects with what stood in the way of the last. */
export async function dialFirst(
  offers: readonly Offer[],
  spinner: Spinner,
  connect: (offer: Offer) => Client,
): Promise<Connected> {
  let failure: CliError | undefined;
  for (const offer of offers) {
    const { url } = offer;
    const client = connect(offer);
    try {
      await spinner.during(`Connecting to ${url}`, () => client.dial());
    } catch (error) {
      failure = toCliError(error, { what: '', target: url });
      client.close();
      continue;
    }
    return {
      client,
      url,
      spinner,
      doing: (method) => ({
        what: `calling ${JSON.stringify(method)} at ${url}`,
        target: url,
        withKey: offer.auth !== null,
      }),
      another: async () => {
        const one = connect(offer);
        await one.dial().catch((error: unknown) => {
          throw toCliError(error, { what: '', target: url });
        });
        return one;
      },
    };
  }
  throw failure ?? new Error('There is nothing to dial');
}
