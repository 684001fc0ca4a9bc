import { describe, expect, it } from 'vitest';
import { dnodeLimits } from '../../../src/lib/dnode/dnode-limits.js';
import { parseMessage } from '../../../src/lib/dnode/dnode-message.js';

const limits = { ...dnodeLimits, messageBytes: 1024 * 1024 };

describe('the limits of dnode', () => {
  it('the limits of dnode bound how deep a message nests', () => {
    const nested = (depth: number): string =>
      `{"method":"m","arguments":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
    expect(parseMessage(nested(limits.messageDepth), limits).method).toBe('m');
    expect(() => parseMessage(nested(limits.messageDepth + 1), limits)).toThrow(
      expect.objectContaining({ code: 1008 }) as Error,
    );
  });

  it('the limits of dnode bound the number of functions in a message', () => {
    const withFunctions = (count: number): string =>
      JSON.stringify({
        method: 'm',
        arguments: [],
        callbacks: Object.fromEntries(Array.from({ length: count }, (_, n) => [n, ['0']])),
      });
    const { callbacks } = parseMessage(withFunctions(limits.callbacksPerMessage), limits);
    expect(callbacks).toHaveLength(limits.callbacksPerMessage);
    expect(() => parseMessage(withFunctions(limits.callbacksPerMessage + 1), limits)).toThrow(
      expect.objectContaining({ code: 1008 }) as Error,
    );
  });
});
