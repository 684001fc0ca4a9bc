import { isKiteError } from '../../protocol/errors.js';
import { isDialError } from '../../transport/handshake/dial-error.js';
import { makeVisible } from '../../util/make-visible.js';
import { toCliError } from '../frame/failures.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';

/** Returns a URL that has no path with the path of every kite; undefined if it has one. */
export function withKitePath(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const parsed = new URL(url);
  if (parsed.pathname !== '/' || parsed.search !== '') return undefined;
  parsed.pathname = '/kite';
  return parsed.href;
}

/**
 * Connects to a URL. If it has no path, and the server has no kite there, tries the path of every kite, and tells the user to which URL
 * it has connected. `connect` must close what it has opened when it fails.
 */
export async function connectAtPath<Connected>(
  url: string,
  connect: (url: string) => Promise<Connected>,
  { stderr }: Pick<CommandRuntime, 'stderr'>,
): Promise<Connected> {
  try {
    return await connect(url);
  } catch (error) {
    const other = withKitePath(url);
    if (other === undefined || !isWithoutKite(error)) throw error;
    const connected = await connect(other).catch(() => {
      const hint = `Check the URL: there is no kite at ${other} either.`;
      throw toCliError(error, { description: '', target: url }).with({ hint });
    });
    stderr.write(`note: There is no kite at ${makeVisible(url)}; connected to ${makeVisible(other)}\n`);
    return connected;
  }
}

/** Whether a server has answered, but not as a kite. */
function isWithoutKite(error: unknown): boolean {
  const failure = isKiteError(error) ? error.cause : error;
  return isDialError(failure) && failure.status === 404;
}
