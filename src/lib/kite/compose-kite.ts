import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import os from 'node:os';
import { ClientAccess } from './client-access.js';
import { requireClient } from './client-check.js';
import { findKiteKey } from './config/find-kite-key.js';
import { makeBudgets, type MemoryBudgets } from '../transport/channel/memory-budget.js';
import { dial, newFallbacks } from '../transport/dial/dial.js';
import { httpSender } from '../transport/forward-proxy/http-request.js';
import type { NodeDialOptions } from '../transport/handshake/node-dial-options.js';
import { type Clock, systemClock } from '../util/clock.js';
import { composeLimits } from './limits/compose-limits.js';
import { defaultLimits } from './limits/kite-limits.js';
import type { Logger } from '../util/logger.js';
import { guardSignal } from '../util/guard-signal.js';
import { StderrLogger } from '../util/stderr-logger.js';
import type { ClientOptions, Dialer } from './call/client.js';
import { EnvelopeCache } from './call/envelope-cache.js';
import { messageJson } from './call/message-numbers.js';
import { TokenRenewal } from './call/token-renewal.js';
import { type Config, resolveConfig } from './config/kite-config.js';
import { proxyFinder } from './config/find-proxy.js';
import { kiteSettings } from './config/kite-settings.js';
import { ignoredVariables } from './config/resolve-setting.js';
import { KiteCore } from './core/kite-core.js';
import type { KiteOptions, ReplacedParts } from './kite-options.js';
import { DialedSockets } from './dialed-sockets.js';
import { requireKiteOptions } from './option-check.js';
import { tryKitePath } from './call/kite-path.js';
import { KontrolMember } from './kontrol/kontrol-member.js';
import { ProxyMember } from './proxied/proxy-member.js';
import { addTunnelMethod } from './proxied/tunnels.js';
import { Admission } from './serve/admission.js';
import { newCallerRates } from './serve/caller-rates.js';
import { addDefaultMethods } from './serve/default-methods.js';
import { type ErrorPolicy, HandlerFailures } from './serve/handler-failures.js';
import { addHeartbeatMethod } from './serve/heartbeat-method.js';
import type { Request } from './serve/request.js';
import { KiteServer } from './serve/kite-server.js';
import { addSystemMethods } from './serve/system-methods.js';
import { ConfigurationError } from '../protocol/errors.js';
import { identityProblem } from '../protocol/identity.js';
import { KontrolTrust } from './trust/kontrol-trust.js';
import { Verifier } from './trust/verifier.js';

/** The parts of a kite in Node. */
export interface KiteParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly verifier: Verifier;
  readonly core: KiteCore;
  readonly dialed: DialedSockets;
  readonly server: KiteServer;
  readonly kontrol: KontrolMember;
  readonly proxies: ProxyMember;
}

/**
 * Creates the parts of a kite, connects them and adds the default methods.
 *
 * @throws ConfigurationError that identifies the invalid option, environment variable or key file
 */
export function composeKite(
  name: string,
  version: string,
  options: KiteOptions,
  {
    acceptTunnel,
    admitPeer,
    credentialChecks = {},
    authenticationFailed,
    virtualHosts,
    budgets: sharedBudgets,
    replaceDialed,
    connectAt,
  }: ReplacedParts,
): KiteParts {
  requireKiteOptions(options);
  const env = options.env ?? process.env;
  const clock = options.clock ?? systemClock;
  const limits = composeLimits(defaultLimits, options.limits);
  const kiteKey = findKiteKey(options.kiteKey, env);
  const config = resolveConfig(options, { env, kiteKey });
  const logger = options.logger ?? new StderrLogger({ level: config.logLevel, color: config.logColor });
  const { username, environment, region, timeout, handshakeTimeout, verifyTtl, transport } = config;
  const identity = {
    name,
    username,
    id: options.id ?? randomUUID(),
    environment,
    region,
    version: config.version ?? version,
    hostname: os.hostname(),
  };
  const problem = identityProblem(identity);
  if (problem !== undefined) throw new ConfigurationError('badValue', problem);
  const { allowKiteKeysOf = 'own', acceptAudience, acceptKontrolKey } = options;
  const accepted = { allowKiteKeysOf, acceptAudience, acceptKontrolKey };
  const failures = new HandlerFailures({ policy: readPolicy(options.errors), clock, logger });
  const checkFailed = (error: unknown, request: unknown): unknown =>
    failures.failed(error, request as Request);
  const verifier = new Verifier({ identity, kiteKey, clock, verifyTtl, ...accepted, checkFailed });
  for (const [type, check] of Object.entries(credentialChecks)) verifier.addAuthType(type, check);
  const budgets = sharedBudgets ?? makeBudgets(limits);
  const sockets = new DialedSockets();
  const findProxy = proxyFinder(env);
  const access = new ClientAccess(options.serverAccess);
  const dialer = makeDialer({ limits, clock, budgets, findProxy }, sockets, access, {
    admitPeer,
    replaceDialed,
  });
  const json = messageJson(options.numbers ?? 'exact');
  const core: KiteCore = new KiteCore({
    name,
    identity,
    limits,
    json,
    errorFields: options.errorFields,
    handlerFailed: (error, request) => failures.failed(error, request),
    errorForPeer: (error) => failures.shown(error),
    clock,
    logger,
    authenticator: new Admission({
      verify: ({ auth }, caller, request) => verifier.verify(auth, caller, request),
      failed: authenticationFailed,
      dispatch: (connection, call) => core.host.dispatch(connection, call),
    }),
    disableAuthentication: options.disableAuthentication,
    newCallerRates,
    methodHandling: options.methodHandling ?? 'ReturnMethod',
    concurrent: options.concurrent ?? true,
    timeout,
    handshakeTimeout,
    transport,
    trustRemote: options.trustRemote,
    dialer,
    newRenewal: (renewal) => new TokenRenewal(renewal),
    requireClient,
    newPrefixCache: () => new EnvelopeCache(limits, json),
    guardSignal,
  });
  const server = new KiteServer({
    name,
    config,
    prefixes: options.prefixes ?? ['/kite', `/${name}-${identity.version}/kite`],
    cookie: options.sessionCookie ?? false,
    sockjsClient: options.sockjsClient,
    virtualHosts,
    findProxy,
    listenNotes:
      options.port === undefined ? ignoredVariables(kiteSettings.port, env).map(({ note }) => note) : [],
    limits,
    budgets,
    clock,
    logger,
    onSession: (channel) => core.accept(channel),
  });
  const shared = {
    identity,
    address: server,
    connectAt: connectAt ?? tryKitePath((message) => logger.warn(message)),
    newClient: <Remote>(url: string, own: ClientOptions) => core.newClient<Remote>(url, own),
    clock,
    logger,
  };
  const kontrol = new KontrolMember({
    ...shared,
    urls: config.kontrolUrls,
    kiteKey: kiteKey?.jwt,
    keys: new KontrolTrust({
      verifier,
      kiteKey,
      endRevoked: () => verifier.endRevoked(core.accepted),
      clock,
      logger,
    }),
    saveKiteKey: options.saveKiteKey,
    timeout,
    sendHttp: httpSender({ ...access.shared, findProxy }, limits.messageBytes),
    registered: (url) => core.emit('register', url),
    registerFailed: (error) => core.emit('registerFailed', error),
  });
  const proxies = new ProxyMember({
    ...shared,
    urls: config.proxyUrls,
    kontrolUser: kiteKey?.kontrolUser ?? 'kontrol',
    kontrol,
    dialer,
    handshakeTimeout,
    maxTunnels: limits.tunnels,
    accept: (channel) => core.accept(channel),
    acceptTunnel,
  });
  addDefaultMethods(core, logger);
  addHeartbeatMethod(core, clock, options.heartbeatFrom);
  addTunnelMethod(core, proxies);
  addSystemMethods(core, options.systemMethods ?? []);
  return { config, clock, logger, verifier, core, dialed: sockets, server, kontrol, proxies };
}

/** @throws ConfigurationError `badValue` if it is not a policy */
function readPolicy(policy: ErrorPolicy = 'message'): ErrorPolicy {
  if (typeof policy === 'function' || policy === 'message' || policy === 'masked') return policy;
  const message = `errors is ${JSON.stringify(policy)}: it must be message, masked, or a function`;
  throw new ConfigurationError('badValue', message);
}

function makeDialer(
  {
    budgets,
    ...common
  }: Pick<NodeDialOptions, 'limits' | 'clock' | 'findProxy'> & { readonly budgets: MemoryBudgets },
  sockets: DialedSockets,
  access: ClientAccess,
  { admitPeer, replaceDialed }: Pick<ReplacedParts, 'admitPeer' | 'replaceDialed'>,
): Dialer {
  const { output, frames } = budgets;
  const dialedBudgets = { output, frames };
  const { limits, clock, findProxy } = common;
  const fallbacks = newFallbacks(clock);
  const opened = (socket: Socket): void => sockets.add(socket);
  return async (url, { transport, handshakeTimeout, signal, access: own, auth = null }) => {
    const { tls, headers } = access.for(own);
    const options: NodeDialOptions = {
      transport,
      handshakeTimeout,
      signal,
      limits,
      clock,
      findProxy,
      tls,
      headers,
      opened,
      // The peer of a tunnel is a caller that the kite does not know yet.
      budgets: transport === 'Session' ? budgets : dialedBudgets,
    };
    const channel = await dial(url, options, fallbacks);
    try {
      admitPeer?.({ url, remoteAddress: channel.remoteAddress }, auth);
      return replaceDialed ? replaceDialed(channel) : channel;
    } catch (error) {
      channel.close();
      throw error;
    }
  };
}
