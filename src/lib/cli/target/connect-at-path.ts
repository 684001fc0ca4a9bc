import { type ConnectAt, isWithoutKite, tryKitePath, withKitePath } from '../../kite/call/kite-path.js';
import { toCliError } from '../frame/failures.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';

/**
 * Returns a function that connects to a URL and, if it has no path and the server has no kite there, to the path of every kite. It
 * then tells the user to which URL it has connected. `connect` must close what it has opened when it fails.
 */
export function connectAtPath({ stderr }: Pick<CommandRuntime, 'stderr'>): ConnectAt {
  const connectAt = tryKitePath((message) => void stderr.write(`note: ${message}\n`));
  return async (url, connect) => {
    try {
      return await connectAt(url, connect);
    } catch (error) {
      const other = withKitePath(url);
      if (other === undefined || !isWithoutKite(error)) throw error;
      const hint = `Check the URL: there is no kite at ${other} either.`;
      throw toCliError(error, { description: '', target: url }).with({ hint });
    }
  };
}
