import { isKiteError } from '../../protocol/errors.js';
import { Backoff, type BackoffOptions } from '../../util/backoff.js';
import type { Clock, Timer } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import type { Client } from '../client.js';
import { readRegistered, type RegisterAnswer } from './answers.js';
import type { KontrolLink } from './kontrol-link.js';

/** A registration that is kept up. */
export interface Registration {
  /** Under which the kite was registered first. */
  readonly url: string;
  /** Registers under another URL from now on, at once where a Kontrol is connected. */
  move(url: string): void;
  /** Keeps it up no longer. */
  stop(): void;
}

export interface RegistrationOptions {
  readonly link: KontrolLink;
  readonly url: string;
  readonly registered: (answer: RegisterAnswer) => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly backoff?: BackoffOptions | undefined;
}

/** Registers over a connection. Kontrol asks for the heartbeat on it. */
export async function registerOn(
  client: Client,
  { url, registered }: Pick<RegistrationOptions, 'url' | 'registered'>,
): Promise<RegisterAnswer> {
  const answer = readRegistered(await client.call<unknown, string>('register', [{ url }]));
  await registered(answer);
  return answer;
}

/** Registers, and again on each new connection, for ever. Resolves when it is registered. */
export function registerForever(options: RegistrationOptions): Promise<Registration> {
  const { link, registered, clock, logger } = options;
  const backoff = new Backoff(options.backoff);
  return new Promise((resolve) => {
    let retry: Timer | undefined;
    let stopped = false;
    let wanted = options.url;
    /** The connection on which a registration is on its way. */
    let asking: Client | undefined;
    const stop = (): void => {
      stopped = true;
      retry?.cancel();
      off();
      release();
    };
    const move = (url: string): void => {
      wanted = url;
      // One at a time: of two, Kontrol might take the older one last.
      if (!stopped && link.client && asking !== link.client) attempt(link.client);
    };
    const attempt = (client: Client): void => {
      retry?.cancel();
      asking = client;
      const url = wanted;
      registerOn(client, { url, registered })
        .finally(() => {
          if (asking === client) asking = undefined;
        })
        .then(
          (answer) => {
            backoff.reset();
            resolve({ url: answer.url, move, stop });
            if (url !== wanted) move(wanted);
          },
          (error: unknown) => {
            if (stopped || link.client !== client) return;
            logger.warn(`Registration at ${client.url} failed: ${String(error)}; trying again`);
            retry = clock.setTimeout(() => {
              if (link.client !== client) return;
              // Another Kontrol may have a store that can be reached. A key that one refuses the others refuse as well.
              if (link.hasOthers && !isKiteError(error, 'authenticationError')) link.drop();
              else attempt(client);
            }, backoff.next());
          },
        );
    };
    const off = link.on('connect', attempt);
    if (link.client) attempt(link.client);
    const release = link.keep();
  });
}
