import { readKiteKeyFile } from '../keys/index.js';
import { usageError } from './cli-error.js';
import { isLoopback } from './target.js';

export interface KeyOptions {
  readonly target: string;
  /** What the person said about sending the kite key; undefined = nothing. */
  readonly auth: 'none' | 'kite-key' | undefined;
  /** File with the kite key; undefined = the default place. */
  readonly keyFile: string | undefined;
}
