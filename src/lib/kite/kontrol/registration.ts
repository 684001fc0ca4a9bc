import { messageOf, toError } from '../../util/message-of.js';
import { Backoff, type BackoffOptions } from '../../util/backoff.js';
import type { Clock, Timer } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import type { Client } from '../call/client.js';
import { readRegisterResponse, type RegisterResponse } from './kontrol-responses.js';
import type { OwnUrl } from './own-url.js';
import type { KontrolLink } from './kontrol-link.js';
import { closingError, isPermanentFailure, PERMANENT_FAILURE_RETRY } from './permanent-failure.js';

/** A registration with Kontrol that is maintained until `stop`, or until the kite closes. */
export interface Registration {
  /** The URL of the first registration. */
  readonly url: string;
  /** Changes the registered URL: now if a Kontrol is connected, else with the next connection. */
  move(url: string): void;
  /** Stops maintaining the registration. It ends with the connection to Kontrol, or when its lease expires. */
  stop(): void;
}

export interface RegistrationOptions {
  readonly link: KontrolLink;
  readonly url: OwnUrl;
  readonly registered: (response: RegisterResponse) => Promise<void>;
  /** Called when an attempt fails. */
  readonly failed?: ((error: Error) => void) | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly backoff?: BackoffOptions | undefined;
}

/** Registers on a connection. Kontrol requests heartbeats on the same connection. */
export async function registerOnce(
  client: Client,
  { url, registered, failed }: Pick<RegistrationOptions, 'url' | 'registered' | 'failed'>,
): Promise<RegisterResponse> {
  try {
    const argument = { url: typeof url === 'string' ? url : await url() };
    const response = readRegisterResponse(await client.call<unknown, string>('register', [argument]));
    await registered(response);
    return response;
  } catch (error) {
    failed?.(toError(error));
    throw error;
  }
}

/**
 * Registers, and registers again on each new connection. Resolves when the kite is registered for the first time. Rejects if
 * the kite closes first, or if Kontrol rejects it permanently. If that happens later, it tries again once per minute.
 */
export function registerForever(options: RegistrationOptions): Promise<Registration> {
  const { link, clock, logger } = options;
  const backoff = new Backoff(options.backoff);
  return new Promise((resolve, reject) => {
    if (link.retired) throw closingError();
    let retry: Timer | undefined;
    let stopped = false;
    let requestedUrl = options.url;
    /** The connection on which a registration is pending. */
    let registering: Client | undefined;
    let succeeded = false;
    const stop = (): void => {
      stopped = true;
      retry?.cancel();
      for (const off of offs) off();
    };
    const fail = (error: Error): void => {
      stop();
      reject(error);
    };
    const move = (url: OwnUrl): void => {
      requestedUrl = url;
      // Only one at a time: Kontrol might process two in the wrong order.
      if (!stopped && link.client && registering !== link.client) attempt(link.client);
    };
    const attempt = (client: Client): void => {
      retry?.cancel();
      registering = client;
      const url = requestedUrl;
      registerOnce(client, { ...options, url })
        .finally(() => {
          if (registering === client) registering = undefined;
        })
        .then(
          (response) => {
            backoff.reset();
            succeeded = true;
            resolve({ url: response.url, move, stop });
            if (url !== requestedUrl) move(requestedUrl);
          },
          (error: unknown) => {
            if (stopped || link.client !== client) return;
            const permanent = isPermanentFailure(error);
            if (permanent && !succeeded) return fail(toError(error));
            const failure = `Registration with ${client.url} failed: ${messageOf(error)}`;
            if (permanent)
              logger.error(`${failure}; this kite is not registered. Trying again once per minute`);
            else logger.warn(`${failure}; trying again`);
            retry = clock.setTimeout(
              () => {
                if (link.client !== client) return;
                // The link then uses another Kontrol, which may be able to reach the store. A permanent failure is the same at
                // each.
                if (link.hasAlternatives && !permanent) client.close();
                else attempt(client);
              },
              permanent ? PERMANENT_FAILURE_RETRY : backoff.next(),
            );
          },
        );
    };
    const offs = [
      link.on('connect', attempt),
      link.on('renewKey', () => move(requestedUrl)),
      link.on('retire', () => fail(closingError())),
    ];
    if (link.client) attempt(link.client);
    offs.push(link.stayConnected());
  });
}
