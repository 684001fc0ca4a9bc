import { type ProxyOptions, ReverseProxy, TunnelProxy } from '../../proxy.js';
import { CertificateReload } from '../../proxy/shared/certificate-reload.js';
import { systemClock } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import { configurationError } from '../runtime/cli-error.js';
import { readPem } from '../target/read-pem.js';
import { renewedKeySaver } from '../target/save-renewed-key.js';
import { kontrolUrlsOf } from '../target/with-kontrol.js';
import { printDetails } from '../terminal/details.js';
import type { OutputFormat } from '../terminal/output-format.js';
import { listenError, loggerFor, waitForAbort } from '../frame/server-lifecycle.js';
import { readTlsFiles, type TlsPems } from '../target/tls-files.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { proxyKey } from './proxy-key.js';
import type { ProxyStartOptions } from './proxy-start-options.js';

type Options = ProxyStartOptions & { readonly format: OutputFormat | undefined };
type Proxy = ReverseProxy | TunnelProxy;

/**
 * Runs a proxy until the person or the system ends it; then its kites move to another one, and what is running may finish.
 *
 * @throws CliError when it cannot start
 */
export async function startProxy(options: Options, runtime: CommandRuntime): Promise<void> {
  try {
    await serve(options, runtime);
  } catch (error) {
    throw listenError(error);
  }
}

async function serve(options: Options, runtime: CommandRuntime): Promise<void> {
  const { signal, stderr } = runtime;
  const say = (text: string): void => void stderr.write(`${text}\n`);
  const logger = loggerFor(runtime);
  for (const warning of options.warnings) logger.warn(warning);
  const tls = await readTlsFiles(options.tlsFiles);
  const proxy = await makeProxy(options, tls, logger, runtime);
  runtime.deferExit();
  await proxy.listen();
  const watched = tls && watchTls(options, tls, proxy, logger);
  try {
    const kind = options.tunnel ? 'tunnel' : 'reverse';
    say(`The ${kind} proxy listens at ${proxy.kite.url}, for others at ${proxy.url}`);
    const { url } = proxy;
    if (options.format !== undefined) {
      const fields = [{ label: 'URL', value: url }];
      await printDetails({ fields, data: { url }, name: url }, options.format, runtime);
    }
    await waitForAbort(signal);
  } finally {
    say('The proxy ends.');
    watched?.stop();
    await proxy.close();
  }
}

async function makeProxy(
  options: Options,
  tls: TlsPems | undefined,
  logger: Logger,
  { env, version }: CommandRuntime,
): Promise<Proxy> {
  const { publicHost, publicPort, ip, port, environment, region } = options;
  const found = await proxyKey(options.settings);
  const common: ProxyOptions = {
    publicHost,
    publicPort,
    ip,
    port,
    tls,
    kiteKey: found.key.jwt,
    saveKiteKey: renewedKeySaver(found, env),
    kontrolUrl: kontrolUrlsOf(options.settings, found),
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

function watchTls(options: Options, current: TlsPems, proxy: Proxy, logger: Logger): CertificateReload {
  const { certificate = '', privateKey = '' } = options.tlsFiles ?? {};
  const watched = new CertificateReload({
    files: [certificate, privateKey],
    read: async () => (await readTlsFiles(options.tlsFiles)) ?? current,
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
