import { describe, expect, it } from 'vitest';
import { parseMessage } from '../../../../src/lib/dnode/dnode-message.js';
import { roundedJson } from '../../../../src/lib/dnode/message-json.js';
import { envelopePrefix, parseAfterPrefix } from '../../../../src/lib/kite/call/envelope-prefix.js';
import { completeCall, readCall } from '../../../../src/lib/kite/call/envelope.js';
import { defaultLimits } from '../../../../src/lib/kite/limits/kite-limits.js';
import { callAuth, callHead, knownPrefix, callRests } from '../../../helpers/kite/call-prefixes.js';

function parsedWhole(text: string) {
  const message = parseMessage(text, defaultLimits);
  const { method, args } = message;
  return typeof method === 'string' ? readCall(method, message) : { method, args };
}

describe('the prefix of a call', () => {
  it('the prefix of a call ends where the arguments begin', () => {
    expect(knownPrefix()).toMatchObject({ method: 'square', kite: { name: 'exp2' }, auth: callAuth });
    expect(knownPrefix().fragment.text).toBe(callHead);
  });

  it.each(callRests)('the prefix of a call and its rest are parsed like the whole: %s', (rest) => {
    const known = knownPrefix();
    const after = parseAfterPrefix(rest, defaultLimits, roundedJson);
    const call = after ? completeCall(known, after) : parsedWhole(callHead + rest);
    expect(call).toEqual(parsedWhole(callHead + rest));
  });

  it.each([
    `{"method":"square","arguments":[{"kite":{"a":"${'x'.repeat(80)}\\"withArgs\\":"},"withArgs":[4]}]}`,
    `{"method":"square","arguments":[{"kite":{"x":"${'x'.repeat(80)}","withArgs":[1]},"withArgs":[4]}]}`,
    `{"method":"square","callbacks":[{"kite":{"x":"${'x'.repeat(80)}"},"withArgs":[4]}]}`,
    `{"arguments":[{"kite":{"x":"${'x'.repeat(80)}"},"withArgs":[4]}],"method":"square"}`,
    `{"method":"square","arguments":[{},{"kite":{"x":"${'x'.repeat(80)}"},"withArgs":[4]}]}`,
    '{"method":"m","arguments":[{"withArgs":[4]}]}',
    '"withArgs":',
    '',
  ])('the prefix of a call is not used if the arguments do not follow it directly: %s', (text) => {
    const known = envelopePrefix(text);
    // If a prefix is found anyway, it must be the right one.
    expect(known === undefined || parsedWhole(text).args[0] === 4).toBe(true);
    expect(known?.fragment.text.endsWith('"withArgs":') ?? true).toBe(true);
  });

  it('the rest after a known prefix is subject to the same limits', () => {
    const deep = `${'['.repeat(200)}${']'.repeat(200)}}]}`;
    expect(() => parseAfterPrefix(deep, defaultLimits, roundedJson)).toThrow('nests deeper');
    expect(() => parseAfterPrefix('[4', defaultLimits, roundedJson)).toThrow('not valid JSON');
  });
});
