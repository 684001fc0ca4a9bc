import type { ProxyOptions } from '../../proxy/proxy-options.js';
import { ReverseProxy } from '../../proxy/reverse/reverse-proxy.js';
import { TlsFiles } from '../../proxy/tls-files.js';
import { TunnelProxy } from '../../proxy/tunnel/tunnel-proxy.js';
import { isKiteError } from '../../protocol/errors.js';
import { systemClock } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import { CliError, configurationError, isCliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { toCliError } from '../failures.js';
import { toJson } from '../json.js';
import { readPem } from '../kontrol/key-files.js';
import { loggerFor, untilAborted } from '../server.js';
import type { Surroundings } from '../surroundings.js';
import { proxyKey } from './proxy-key.js';
import type { ProxyStartOptions } from './start-options.js';

type Options = ProxyStartOptions & { readonly json: boolean };
type Proxy = ReverseProxy | TunnelProxy;
type Tls = { readonly cert: string; readonly key: string };

/**
 * Runs a proxy until the person or the system ends it; then its kites move to another one, and what is running may finish.
 *
 * @throws CliError when it cannot start
 */
export async function startProxy(options: Options, surroundings: Surroundings): Promise<void> {
  try {
    await serve(options, surroundings);
  } catch (error) {
    throw asCliError(error);
  }
}

async function serve(options: Options, surroundings: Surroundings): Promise<void> {
  const { signal, stderr, stdout } = surroundings;
  const say = (text: string): void => void stderr.write(`${text}\n`);
  const logger = loggerFor(surroundings);
  for (const warning of options.warnings) logger.warn(warning);
  const tls = await tlsOf(options);
  const proxy = await makeProxy(options, tls, logger, surroundings);
  surroundings.endByItself();
  await proxy.listen();
  const watched = tls && watchTls(options, tls, proxy, logger);
  try {
    const kind = options.tunnel ? 'tunnel' : 'reverse';
    say(`The ${kind} proxy listens at ${proxy.kite.url}, for others at ${proxy.url}`);
    if (options.json) stdout.write(`${toJson({ url: proxy.url })}\n`);
    await untilAborted(signal);
  } finally {
    say('The proxy ends.');
    watched?.stop();
    await proxy.close();
  }
}

async function makeProxy(
  options: Options,
  tls: Tls | undefined,
  logger: Logger,
  { env, version }: Surroundings,
): Promise<Proxy> {
  const { publicHost, publicPort, ip, port, environment, region, kontrol } = options;
  const { key } = await proxyKey(options.keyFile, env);
  const common: ProxyOptions = {
    publicHost,
    publicPort,
    ip,
    port,
    tls,
    kiteKey: key.jwt,
    kontrolUrl: kontrol,
    environment,
    region,
    version: options.version ?? version,
    logger,
    env,
  };
  if (options.tunnel) {
    const any = options.allowOrigins.includes('*');
    return new TunnelProxy({ ...common, allowOrigin: any ? '*' : options.allowOrigins });
  }
  return new ReverseProxy({
    ...common,
    allowTargets: options.allowTargets,
    localKites: options.localKites,
    kiteCa: await caOf(options),
    verifyKites: options.verifyKites,
  });
}

async function tlsOf({ tlsFiles }: Options): Promise<Tls | undefined> {
  if (!tlsFiles) return undefined;
  const { certificate, privateKey } = tlsFiles;
  const [cert, key] = await Promise.all([readPem(certificate, false), readPem(privateKey, true)]);
  if (cert !== undefined && key !== undefined) return { cert, key };
  throw configurationError(
    `There is no ${cert === undefined ? `certificate at ${certificate}` : `private key at ${privateKey}`}.`,
    'Make both with: kitectl keygen --tls --out DIR',
  );
}

function watchTls(options: Options, current: Tls, proxy: Proxy, logger: Logger): TlsFiles {
  const { certificate = '', privateKey = '' } = options.tlsFiles ?? {};
  const watched = new TlsFiles({
    files: [certificate, privateKey],
    read: async () => (await tlsOf(options)) ?? current,
    apply: (tls) => proxy.kite.useTls(tls),
    current,
    clock: systemClock,
    logger,
  });
  watched.start();
  return watched;
}

async function caOf({ kiteCaFile }: Options): Promise<string | undefined> {
  if (kiteCaFile === undefined) return undefined;
  const ca = await readPem(kiteCaFile, false);
  if (ca !== undefined) return ca;
  throw configurationError(
    `There are no certificates at ${kiteCaFile}.`,
    'Name another file with --kite-ca.',
  );
}

/** What stands in the way of a proxy is of this machine. */
function asCliError(error: unknown): CliError {
  if (isCliError(error)) return error;
  if (!isKiteError(error, 'genericError')) return toCliError(error);
  return new CliError(error.message, {
    exitCode: ExitCode.configuration,
    type: 'configuration',
    code: error.code,
    hint: 'Choose another port with --port.',
    cause: error,
  });
}
