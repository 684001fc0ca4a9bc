import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { CliError, isCliError, notFound } from '../runtime/cli-error.js';
import { ExitCode } from '../runtime/exit-codes.js';
import { badSource } from './install-location.js';
import { isDialError } from '../../transport/handshake/dial-error.js';
import { toCliError } from '../frame/failures.js';
import { messageOf } from '../../util/message-of.js';

export interface DownloadOptions {
  readonly maxBytes: number;
  /** Maximum number of redirects to follow, each to an https URL. */
  readonly redirects: number;
  readonly signal: AbortSignal;
  readonly fetch: typeof fetch;
  /** Called for each chunk with the bytes so far; `total` is undefined if the server does not send a length. */
  readonly onProgress?: (bytes: number, total: number | undefined) => void;
}

/**
 * Downloads text from an https URL.
 *
 * @throws CliError if the download fails or exceeds `maxBytes`
 */
export async function downloadText(url: string, options: DownloadOptions): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of downloadChunks(url, options)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * Downloads an https URL to a new file, and resolves with its SHA-256 in hexadecimal.
 *
 * @throws CliError if the download fails or exceeds `maxBytes`
 */
export async function downloadFile(url: string, file: string, options: DownloadOptions): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(
    downloadChunks(url, options),
    async function* hashed(source) {
      for await (const chunk of source) {
        hash.update(chunk);
        yield chunk;
      }
    },
    createWriteStream(file, { flags: 'wx', mode: 0o600 }),
    { signal: options.signal },
  );
  return hash.digest('hex');
}

async function* downloadChunks(url: string, options: DownloadOptions): AsyncGenerator<Uint8Array> {
  const { maxBytes, onProgress, signal } = options;
  const { response, finalUrl } = await request(url, options);
  const announced = Number(response.headers.get('content-length') ?? Number.NaN);
  const total = Number.isSafeInteger(announced) ? announced : undefined;
  if (total !== undefined && total > maxBytes) throw tooLargeError(finalUrl, maxBytes);
  let bytes = 0;
  try {
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw tooLargeError(finalUrl, maxBytes);
      onProgress?.(bytes, total);
      yield chunk;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw isCliError(error) ? error : networkError(finalUrl, error, 'closed the connection early');
  }
}

/** Follows redirects itself, so that each one can be checked to be an https URL. */
async function request(
  url: string,
  { redirects, signal, fetch }: DownloadOptions,
): Promise<{ readonly response: Response; readonly finalUrl: string }> {
  let next = url;
  for (let count = 0; count <= redirects; count++) {
    const finalUrl = requireHttps(next, next === url ? undefined : withoutQuery(url));
    // The digest is that of the archive as published, without a content encoding.
    const headers = { 'accept-encoding': 'identity' };
    const response = await fetch(finalUrl, { redirect: 'manual', signal, headers }).catch(
      (error: unknown) => {
        signal.throwIfAborted();
        throw networkError(finalUrl, error, 'cannot be reached');
      },
    );
    const location = response.headers.get('location');
    if (response.status < 300 || response.status > 399 || location === null) {
      if (response.ok) return { response, finalUrl };
      await response.body?.cancel();
      throw httpError(finalUrl, response.status);
    }
    await response.body?.cancel();
    if (!URL.canParse(location, finalUrl))
      throw badSource(`${withoutQuery(finalUrl)} redirects to an invalid URL.`);
    next = new URL(location, finalUrl).href;
  }
  throw badSource(`${withoutQuery(url)} redirects more than ${redirects} times.`);
}

/**
 * Returns the URL if it is an https URL.
 *
 * @throws CliError otherwise
 */
export function requireHttps(url: string, redirectedFrom?: string): string {
  if (URL.canParse(url) && new URL(url).protocol === 'https:') return url;
  const subject =
    redirectedFrom === undefined
      ? withoutQuery(url)
      : `${redirectedFrom} redirects to ${withoutQuery(url)}, which`;
  throw badSource(`${subject} is not served over https: it could be replaced in transit.`);
}

/** Formats a URL for messages, without the parts that may contain secrets. */
export function withoutQuery(url: string): string {
  if (!URL.canParse(url)) return 'An invalid URL';
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

function httpError(url: string, status: number): CliError {
  if (status === 404 || status === 410) {
    return notFound(
      `${withoutQuery(url)} was not found (HTTP ${status}).`,
      'Check the spelling of the source.',
    );
  }
  return new CliError(`The download of ${withoutQuery(url)} failed (HTTP ${status}).`, {
    exitCode: ExitCode.unreachable,
    type: 'download',
    hint: 'Try again later.',
  });
}

function networkError(url: string, error: unknown, problem: string): CliError {
  const cause = (error as Error).cause ?? error;
  if (isDialError(cause)) return toCliError(cause).with({ type: 'download' });
  const reason = messageOf(cause);
  return new CliError(`${withoutQuery(url)} ${problem}: ${reason}`, {
    exitCode: ExitCode.unreachable,
    type: 'download',
    hint: 'Check the network, and try again.',
    cause: error,
  });
}

function tooLargeError(url: string, maxBytes: number): CliError {
  return badSource(`${withoutQuery(url)} is larger than ${maxBytes} bytes.`);
}
