import { describe, expect, it } from 'vitest';
import { parseMessage } from '../../../../src/lib/dnode/dnode-message.js';
import { callPrefix, parseAfterPrefix } from '../../../../src/lib/kite/call/envelope-prefix.js';
import { completeCall, readCall } from '../../../../src/lib/kite/call/envelope.js';
import { splitClientFrame } from '../../../../src/lib/transport/sockjs/split-frame.js';
import { defaultLimits } from '../../../../src/lib/util/limits.js';
import { Fragment } from '../../../../src/lib/transport/channel/outgoing-message.js';

const auth = { type: 'kiteKey', key: 'header.claims.signature' };
const head = `{"method":"square","arguments":[{"kite":{"name":"exp2"},"authentication":${JSON.stringify(auth)},"responseCallback":"[Function]","withArgs":`;
const rests = [
  '[4]}],"callbacks":{"7":[0,"responseCallback"]}}',
  '4}],"callbacks":{"7":["0","responseCallback"]}}',
  'null}],"callbacks":{}}',
  '[{"withArgs":[1]},"text \\" , } ]"]}],"callbacks":{"1":[0,"responseCallback"],"2":[0,"withArgs",1]}}',
  '[4]}],"links":[],"callbacks":{}}',
  ' [ 4 ] } ] , "callbacks" : { } } ',
  // Goes on to say what the beginning has said already: the later word counts.
  '[4],"authentication":null}],"callbacks":{}}',
  '[4],"kite":{"name":"other"}}],"callbacks":{}}',
  '[4]}],"method":"other","callbacks":{}}',
  '[4]}],"method":0,"callbacks":{}}',
  '[4]}],"m\\u0065thod":0,"callbacks":{}}',
  '[4]}],"arguments":[{"withArgs":[5]}],"callbacks":{}}',
  '[4]}],"arguments":[],"callbacks":{}}',
  '[4]}],"arguments":[{"a":1}],"callbacks":{}}',
  '[4]},{"b":1}],"callbacks":{}}',
  '[4],"withArgs":[5]}],"callbacks":{}}',
];

function prefix() {
  const known = callPrefix(head + rests[0]);
  if (!known) throw new Error('no prefix');
  return known;
}

function parsedWhole(text: string) {
  const { method, args, callbacks } = parseMessage(text, defaultLimits);
  return typeof method === 'string' ? readCall(method, args, callbacks) : { method, args };
}

describe('the beginning of a call', () => {
  it('ends where the arguments begin', () => {
    expect(prefix()).toMatchObject({ method: 'square', kite: { name: 'exp2' }, auth });
    expect(prefix().fragment.text).toBe(head);
  });

  it.each(rests)('and what follows it are read as the whole is: %s', (rest) => {
    const known = prefix();
    const after = parseAfterPrefix(rest, defaultLimits);
    const call = after ? completeCall(known, after.args, after.callbacks) : parsedWhole(head + rest);
    expect(call).toEqual(parsedWhole(head + rest));
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
  ])('is not looked for where the arguments do not follow it at once: %s', (text) => {
    const known = callPrefix(text);
    // Where one is found all the same, it has to be the right one.
    expect(known === undefined || parsedWhole(text).args[0] === 4).toBe(true);
    expect(known?.fragment.text.endsWith('"withArgs":') ?? true).toBe(true);
  });

  it('costs what follows it the same limits', () => {
    const deep = `${'['.repeat(200)}${']'.repeat(200)}}]}`;
    expect(() => parseAfterPrefix(deep, defaultLimits)).toThrow('nests deeper');
    expect(() => parseAfterPrefix('[4', defaultLimits)).toThrow('no JSON');
  });
});

describe('a frame whose messages begin as expected', () => {
  const fragment = new Fragment(head);
  const split = (frame: string) => splitClientFrame(frame, defaultLimits.messageBytes, [fragment]);

  it('is taken apart without parsing the beginnings', () => {
    const texts = rests.slice(0, 4).map((rest) => head + rest);
    expect(split(JSON.stringify(texts))).toEqual(
      rests.slice(0, 4).map((rest) => ({ rest, prefix: fragment })),
    );
  });

  it.each([
    ['another message', JSON.stringify([head + rests[0], '{"method":0}'])],
    ['a lone string', JSON.stringify(head + rests[0])],
    ['an open string', `["${fragment.quoted}[4]`],
    ['an open list', `["${fragment.quoted}[4]"`],
    ['something after the list', `["${fragment.quoted}[4]"]x`],
    ['no comma', `["${fragment.quoted}[4]""${fragment.quoted}[4]"]`],
    ['a broken escape', `["${fragment.quoted}\\x"]`],
    ['an empty list', '[]'],
    ['nothing', ''],
  ])('is decoded as a whole where there is %s', (_what, frame) => {
    expect(split(frame)).toBeUndefined();
  });

  it('is decoded as a whole where a message may be above the limit', () => {
    expect(splitClientFrame(JSON.stringify([head]), head.length, [fragment])).toBeUndefined();
  });
});
