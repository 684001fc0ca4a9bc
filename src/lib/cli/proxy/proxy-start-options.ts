import type { Environment } from '../../kite/config/resolve-setting.js';
import { CommandSettings, type ParsedFlags } from '../settings/command-settings.js';
import { proxyStartSettings } from '../settings/proxy-start-settings.js';
import { isLoopbackHost } from '../../util/loopback.js';

/** What `proxy start` does, decided. */
export interface ProxyStartOptions {
  /** Whether it is a tunnel proxy, or a reverse proxy. */
  readonly tunnel: boolean;
  readonly publicHost: string | undefined;
  readonly publicPort: number | undefined;
  readonly ip: string;
  readonly port: number;
  readonly tlsFiles: { readonly certificate: string; readonly privateKey: string } | undefined;
  readonly environment: string | undefined;
  readonly region: string | undefined;
  readonly version: string | undefined;
  /** Where Kontrol is, and with which kite key the proxy registers there. */
  readonly settings: CommandSettings;
  readonly allowTargets: readonly string[];
  readonly localKites: boolean | undefined;
  readonly kiteCaFile: string | undefined;
  readonly verifyKites: boolean;
  /** Origins of pages, `*` for any. */
  readonly allowOrigins: readonly string[];
  /** What the person should know before it starts. */
  readonly warnings: readonly string[];
}

const all = proxyStartSettings;

/**
 * Flags as options.
 *
 * @throws CliError or ConfigurationError where one has a value that is not accepted
 */
export function proxyStartOptions(flags: ParsedFlags, env: Environment): ProxyStartOptions {
  const settings = CommandSettings.fromFlags(all, flags, env);
  const publicHost = settings.value(all['public-host']);
  const [certificate, privateKey] = [settings.value(all['tls-cert']), settings.value(all['tls-key'])];
  // Each flag depends on the other.
  const tlsFiles =
    certificate === undefined || privateKey === undefined ? undefined : { certificate, privateKey };
  const ip = settings.value(all.ip) ?? defaultIp(publicHost);
  return {
    tunnel: settings.value(all.tunnel),
    publicHost,
    publicPort: settings.value(all['public-port']),
    ip,
    port: settings.value(all.port),
    tlsFiles,
    environment: settings.value(all.environment),
    region: settings.value(all.region),
    version: settings.value(all.version),
    settings,
    allowTargets: settings.value(all['allow-target']),
    localKites: settings.value(all['local-kites']),
    kiteCaFile: settings.value(all['kite-ca']),
    verifyKites: !settings.value(all['insecure-kites']),
    allowOrigins: settings.value(all['allow-origin']),
    warnings: warningsOf({ ip, publicHost, tls: tlsFiles !== undefined, settings }),
  };
}

/** Who names a host for others wants to be reached by them, unless something in front of the proxy is. */
function defaultIp(publicHost: string | undefined): string {
  if (publicHost === undefined || publicHost.includes('://') || isLocal(publicHost)) return '127.0.0.1';
  return '0.0.0.0';
}

/** Of a host with a port or without. */
function isLocal(host: string): boolean {
  const url = `http://${host}`;
  return isLoopbackHost(URL.canParse(url) ? new URL(url).hostname : host);
}

interface Decided {
  readonly ip: string;
  readonly publicHost: string | undefined;
  readonly tls: boolean;
  readonly settings: CommandSettings;
}

function warningsOf({ ip, publicHost, tls, settings }: Decided): string[] {
  const warnings: string[] = [];
  const local = isLoopbackHost(ip);
  if (!local && !tls) {
    warnings.push(
      'The proxy listens beyond this machine without TLS, and tokens can be read on the way: give it --tls-cert and --tls-key.',
    );
  }
  if (local && publicHost !== undefined && !publicHost.includes('://') && !isLocal(publicHost)) {
    warnings.push(`The proxy listens at ${ip}, where ${publicHost} is not reached from elsewhere: see --ip.`);
  }
  if (settings.value(all['insecure-kites']))
    warnings.push('Certificates of kites are not looked at: somebody else may answer for a kite.');
  if (settings.hasFlag(all['public-key']) || settings.hasFlag(all['private-key'])) {
    warnings.push(
      'No key pair is needed: tokens of tunnels are made and read by this proxy alone, with a secret of its own.',
    );
  }
  return warnings;
}
