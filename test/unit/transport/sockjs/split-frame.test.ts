import { describe, expect, it } from 'vitest';
import { Fragment } from '../../../../src/lib/transport/channel/outgoing-message.js';
import { splitClientFrame } from '../../../../src/lib/transport/sockjs/split-frame.js';
import { defaultLimits } from '../../../../src/lib/kite/limits/kite-limits.js';
import { callHead, callRests } from '../../../helpers/kite/call-prefixes.js';

describe('a frame whose messages have known prefixes', () => {
  const fragment = new Fragment(callHead);
  const split = (frame: string) => splitClientFrame(frame, defaultLimits.messageBytes, [fragment]);

  it('a frame with known prefixes is split without parsing the prefixes', () => {
    const texts = callRests.slice(0, 4).map((rest) => callHead + rest);
    expect(split(JSON.stringify(texts))).toEqual(
      callRests.slice(0, 4).map((rest) => ({ rest, prefix: fragment })),
    );
  });

  it.each([
    ['another message', JSON.stringify([callHead + callRests[0], '{"method":0}'])],
    ['a lone string', JSON.stringify(callHead + callRests[0])],
    ['an open string', `["${fragment.quoted}[4]`],
    ['an open list', `["${fragment.quoted}[4]"`],
    ['more text after the list', `["${fragment.quoted}[4]"]x`],
    ['no comma', `["${fragment.quoted}[4]""${fragment.quoted}[4]"]`],
    ['a broken escape', `["${fragment.quoted}\\x"]`],
    ['an empty list', '[]'],
    ['nothing', ''],
  ])('a frame is parsed as a whole if it has %s', (_what, frame) => {
    expect(split(frame)).toBeUndefined();
  });

  it('a frame is parsed as a whole if a message may exceed the limit', () => {
    expect(splitClientFrame(JSON.stringify([callHead]), callHead.length, [fragment])).toBeUndefined();
  });
});
