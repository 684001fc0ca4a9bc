import { ConfigurationError } from '../../../src/lib/protocol/errors.js';
import { ManualClock } from '../process/manual-clock.js';
import { testKeyPair, testKiteKey } from './keys.js';

export async function jwtOf(username: string): Promise<string> {
  return testKiteKey(username, await testKeyPair(), new ManualClock()).jwt;
}

export function configurationFailure(action: () => unknown): ConfigurationError {
  try {
    action();
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('Nothing was thrown');
}
