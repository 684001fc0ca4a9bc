import { ConfigurationError, KiteError } from '../../protocol/errors.js';
import { type MessageJson, roundedJson } from '../../dnode/message-json.js';
import { ACCESS_OPTIONS } from '../../transport/handshake/server-access.js';
import type { dialInPage } from '../../transport/page/dial-in-page.js';
import type { PagePlatform } from '../../transport/page/page-platform.js';
import { type Clock, systemClock } from '../../util/clock.js';
import { consoleLogger } from '../../util/console-logger.js';
import { composeLimits } from '../limits/compose-limits.js';
import { connectionLimits, type ConnectionLimits } from '../limits/kite-limits.js';
import { randomUuid } from '../../util/random.js';
import type { ClientHost, Dialer } from '../call/client.js';
import { KiteCore } from '../core/kite-core.js';
import { addDefaultMethods } from '../serve/default-methods.js';
import type { Authenticator } from '../serve/dispatcher.js';
import type { PageKiteOptions } from './page-kite-options.js';
import { addPageMethods, type PageOutput } from './page-methods.js';

type PageGlobals = PagePlatform & PageOutput;

/** The parts of a kite in a page in which the entry points differ. */
export interface PageParts extends Partial<Pick<ClientHost, 'newRenewal'>> {
  /** Opens a channel with one of the transports of the page. */
  readonly dial: typeof dialInPage;
  /** Adds URL schemes: receives the dialer of the page, and returns the one to use. */
  readonly extendDialer?: (dialer: Dialer) => Dialer;
  /** Converts messages. Default: numbers are rounded as by `JSON.parse`. */
  readonly json?: MessageJson;
}

/**
 * Creates the core of a kite in a page, with its default methods.
 *
 * @throws ConfigurationError if a field of the identity is empty or contains "/"
 */
export function composePageKite(
  name: string,
  version: string,
  options: PageKiteOptions,
  { dial, newRenewal, extendDialer, json = roundedJson }: PageParts,
): KiteCore {
  const page = globalThis as unknown as PageGlobals;
  const { clock = systemClock, logger = consoleLogger } = options;
  const { username = UNKNOWN, environment = UNKNOWN, region = UNKNOWN } = options;
  const limits = composeLimits(connectionLimits, options.limits);
  const { hostname = hostOf(page) } = options;
  const identity = { name, username, id: randomUuid(), environment, region, version, hostname };
  for (const [field, value] of Object.entries(identity)) {
    if (value !== '' && !value.includes('/')) continue;
    const message = `The kite's ${field} is "${value}"; it must not be empty or contain "/"`;
    throw new ConfigurationError('badValue', message);
  }
  const dialer = makeDialer(dial, page, limits, clock);
  const core = new KiteCore({
    name,
    identity,
    limits,
    json,
    errorFields: options.errorFields,
    clock,
    logger,
    authenticator: { admit: admitTrusted },
    methodHandling: options.methodHandling ?? 'ReturnMethod',
    concurrent: options.concurrent ?? true,
    timeout: options.timeout ?? 15_000,
    handshakeTimeout: options.handshakeTimeout ?? 10_000,
    transport: options.transport ?? 'auto',
    trustRemote: options.trustRemote ?? true,
    dialer: extendDialer?.(dialer) ?? dialer,
    newRenewal,
  });
  addDefaultMethods(core, logger);
  addPageMethods(core, page);
  return core;
}

const UNKNOWN = 'unknown';

function hostOf({ location }: PageGlobals): string {
  return (location && new URL(location.href).hostname) || 'page';
}

const admitTrusted: Authenticator['admit'] = (request, { name, allow }, _call, connection) => {
  const { identity } = connection;
  if (allow === undefined && connection.trusts(name)) return;
  if (allow !== undefined || !identity)
    throw new KiteError('authenticationError', 'trustRemote of this page does not include that method');
  request.identity = identity;
  request.username = identity.username;
};

function makeDialer(
  dial: PageParts['dial'],
  page: PageGlobals,
  limits: ConnectionLimits,
  clock: Clock,
): Dialer {
  return (url, { access, ...options }) => {
    const name = ACCESS_OPTIONS.find((option) => access?.[option] !== undefined);
    return name === undefined
      ? dial(page, url, { ...options, limits, clock })
      : Promise.reject(new ConfigurationError('badValue', `Pages do not support ${name}`));
  };
}
