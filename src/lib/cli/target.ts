import { usageError } from './cli-error.js';

const EXAMPLE = 'http://localhost:3636/kite';

/**
 * The URL of the kite that a command talks to: what `--to` says, else `KITE_TO`.
 *
 * @throws CliError when neither says one, or when it is not the URL of a kite.
 */
export function resolveTarget(
  to: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const target = to ?? env['KITE_TO'];
  if (target === undefined || target === '') {
    throw usageError(
      'No kite to talk to: neither --to nor KITE_TO is given.',
      `Name one with --to ${EXAMPLE}, or for the whole shell with: export KITE_TO=${EXAMPLE}`,
    );
  }
  const source = to === undefined ? 'KITE_TO' : '--to';
  const hint = `Give it like this: ${source === '--to' ? '--to ' : 'KITE_TO='}${EXAMPLE}`;
  const url = parseUrl(target);
  if (!url) throw usageError(`${source} is not a URL: ${target}`, hint);
  if (!['http:', 'https:', 'ws:', 'wss:'].includes(url.protocol)) {
    throw usageError(`${source} must begin with http, https, ws or wss: ${target}`, hint);
  }
  if (url.username !== '' || url.password !== '') {
    throw usageError(`${source} must not contain a user name or password.`, hint);
  }
  return target;
}

/** Whether a URL leads to this machine only, so that a kite key sent there does not leave it. */
export function isLoopback(url: string): boolean {
  const host = (parseUrl(url)?.hostname ?? '').toLowerCase();
  return (
    host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(\.\d+){3}$/.test(host)
  );
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
