import { Backoff, type BackoffOptions } from '../../util/backoff.js';
import type { Clock, Timer } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import type { Client } from '../call/client.js';
import { readRegisterResponse, type RegisterResponse } from './kontrol-responses.js';
import type { KontrolLink } from './kontrol-link.js';
import { toError, closingError, isPermanentFailure, PERMANENT_FAILURE_RETRY } from './permanent-failure.js';

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
  readonly registered: (answer: RegisterResponse) => Promise<void>;
  /** Called at each try that fails. */
  readonly failed?: ((error: Error) => void) | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly backoff?: BackoffOptions | undefined;
}

/** Registers over a connection. Kontrol asks for the heartbeat on it. */
export async function registerOnce(
  client: Client,
  { url, registered, failed }: Pick<RegistrationOptions, 'url' | 'registered' | 'failed'>,
): Promise<RegisterResponse> {
  try {
    const answer = readRegisterResponse(await client.call<unknown, string>('register', [{ url }]));
    await registered(answer);
    return answer;
  } catch (error) {
    failed?.(toError(error));
    throw error;
  }
}

/**
 * Registers, and again on each new connection, for ever. Resolves when it is registered. Rejects where the kite closes
 * before, or Kontrol refuses it in a way that asking again does not change; later on, that is asked once a minute.
 */
export function registerForever(options: RegistrationOptions): Promise<Registration> {
  const { link, clock, logger } = options;
  const backoff = new Backoff(options.backoff);
  return new Promise((resolve, reject) => {
    if (link.retired) throw closingError();
    let retry: Timer | undefined;
    let stopped = false;
    let wanted = options.url;
    /** The connection on which a registration is on its way. */
    let asking: Client | undefined;
    let made = false;
    const stop = (): void => {
      stopped = true;
      retry?.cancel();
      for (const off of offs) off();
    };
    const giveUp = (error: Error): void => {
      stop();
      reject(error);
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
      registerOnce(client, { ...options, url })
        .finally(() => {
          if (asking === client) asking = undefined;
        })
        .then(
          (answer) => {
            backoff.reset();
            made = true;
            resolve({ url: answer.url, move, stop });
            if (url !== wanted) move(wanted);
          },
          (error: unknown) => {
            if (stopped || link.client !== client) return;
            const refused = isPermanentFailure(error);
            if (refused && !made) return giveUp(toError(error));
            const what = `Registration at ${client.url} failed: ${String(error)}`;
            if (refused) logger.error(`${what}; nobody finds this kite now. Trying again once a minute`);
            else logger.warn(`${what}; trying again`);
            retry = clock.setTimeout(
              () => {
                if (link.client !== client) return;
                // Another Kontrol may have a store that can be reached. What one refuses the others refuse as well.
                if (link.hasAlternatives && !refused) link.drop();
                else attempt(client);
              },
              refused ? PERMANENT_FAILURE_RETRY : backoff.next(),
            );
          },
        );
    };
    const offs = [link.on('connect', attempt), link.on('retire', () => giveUp(closingError()))];
    if (link.client) attempt(link.client);
    offs.push(link.stayConnected());
  });
}
