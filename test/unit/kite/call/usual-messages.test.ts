import { describe, expect, it } from 'vitest';
import type { DnodeMessage, MessageLimits } from '../../../../src/lib/dnode/dnode-message.js';
import type { MessageJson } from '../../../../src/lib/dnode/message-json.js';
import { messageJson, type Numbers } from '../../../../src/lib/kite/call/message-numbers.js';
import { parseUsualCall, parseUsualMessage } from '../../../../src/lib/kite/call/usual-messages.js';
import { defaultLimits } from '../../../../src/lib/kite/limits/kite-limits.js';
import { SPOKEN_EXTENSIONS } from '../../../../src/lib/protocol/extensions.js';
import { seedOfRun } from '../../../helpers/fuzz/fuzz-run.js';
import { mutateFrame } from '../../../helpers/fuzz/mutate-frame.js';
import { seededRandom } from '../../../helpers/process/random.js';

const MESSAGES = 20_000;
const HEAD = '{"method":"m","arguments":[{"withArgs":';

const SPOKEN = JSON.stringify(SPOKEN_EXTENSIONS);

const VALUES: readonly string[] = [
  '4',
  '[4]',
  '"text"',
  'null',
  '-0',
  '1e400',
  '9007199254740993',
  '1.0',
  '{"a":[1,{"b":null}]}',
  '[{"error":null,"result":16}]',
  '["}],\\"callbacks\\":{}}"]',
  `${'['.repeat(126)}${']'.repeat(126)}`,
  `${'['.repeat(125)}${']'.repeat(125)}`,
  `${'['.repeat(124)}${']'.repeat(124)}`,
];

const messages = VALUES.flatMap((value) => [
  `{"method":5,"arguments":[${value}],"callbacks":{}}`,
  `{"method":0,"arguments":[${value},${value}],"callbacks":{}}`,
  `{"method":123,"arguments":[{"error":null,"result":${value}}],"callbacks":{}}`,
  `{"method":0,"arguments":[{"error":null,"result":${value},"extensions":${SPOKEN}}],"callbacks":{}}`,
  `{"method":0,"arguments":[{"error":null,"result":${value},"extensions":["cancel"]}],"callbacks":{}}`,
]);

const rests = VALUES.flatMap((value) => [
  `[${value}]}],"callbacks":{"5":[0,"responseCallback"]}}`,
  `[${value},${value}]}],"callbacks":{"17":[0,"responseCallback"]}}`,
  `[${value}]}],"callbacks":{"5":[0,"responseCallback"]}}`,
  `[${value}],"deadline":5}],"callbacks":{"0":[0,"responseCallback"]}}`,
  `[${value}],"stream":{"next":"[Function]","items":256,"bytes":1048576}}],"callbacks":{"5":[0,"responseCallback"],"6":[0,"stream","next"]}}`,
  `[${value}],"stream":{"next":"[Function]","items":0,"bytes":1}}],"callbacks":{"12":[0,"responseCallback"],"3":[0,"stream","next"]}}`,
  `[${value}],"extensions":["cancel"]}],"callbacks":{"0":[0,"responseCallback"]}}`,
]);

/** Forms that differ from the usual ones in one place. */
const UNUSUAL: readonly string[] = [
  '{"method":5,"arguments":[],"callbacks":{}}',
  '{"method":05,"arguments":[],"callbacks":{}}',
  '{"method":5.5,"arguments":[],"callbacks":{}}',
  '{"method":-5,"arguments":[],"callbacks":{}}',
  '{"method":5e1,"arguments":[],"callbacks":{}}',
  '{"method":,"arguments":[],"callbacks":{}}',
  '{"method":9007199254740992,"arguments":[],"callbacks":{}}',
  '{"method":999999999999999,"arguments":[],"callbacks":{}}',
  '{"method":5,"arguments":[1],"callbacks":{},"arguments":[2],"callbacks":{}}',
  '{"method":5,"arguments":[1],"method":6,"x":[2],"callbacks":{}}',
  '{"method":5,"arguments":[1],"callbacks":{"1":[0]},"x":[],"callbacks":{}}',
  '{"method":5,"arguments":[1],"values":true,"x":[],"callbacks":{}}',
  '{"method":5,"arguments":[{"error":null,"result":1,"error":"x"}],"callbacks":{}}',
  '{"method":5,"arguments":[{"error":null,"result":1},{"a":2}],"callbacks":{}}',
  '{"method":5,"arguments":[{"error":null,"result":1}],"x":[{}],"callbacks":{}}',
  `{"method":5,"arguments":[{"error":null,"result":,"extensions":${SPOKEN}}],"callbacks":{}}`,
  `{"method":5,"arguments":[{"error":null,"result":1,"extensions":${SPOKEN},"extensions":${SPOKEN}}],"callbacks":{}}`,
  `{"method":5,"arguments":[{"error":null,"result":1,"error":2,"extensions":${SPOKEN}}],"callbacks":{}}`,
  '{"method":5,"arguments":[{"error":null,"result":],"callbacks":{}}',
  '{"method":5,"arguments":[{"error":null,"result":}],"callbacks":{}}',
  '{"method":5,"arguments":],"callbacks":{}}',
  '{"method":5,"arguments":[,"callbacks":{}}',
  '{"method":5,"arguments":[1]],"callbacks":{}}',
  '{"method":5,"arguments":[1] ,"callbacks":{}}',
];

const UNUSUAL_RESTS: readonly string[] = [
  '[4]}],"callbacks":{"05":[0,"responseCallback"]}}',
  '[4]}],"callbacks":{"":[0,"responseCallback"]}}',
  '[4]}],"callbacks":{"-5":[0,"responseCallback"]}}',
  '[4]}],"callbacks":{"9007199254740993":[0,"responseCallback"]}}',
  '[4]}],"callbacks":{"5":[0,"responseCallback"]},"callbacks":{"6":[0,"responseCallback"]}}',
  '[4]}],"method":"other","callbacks":{"5":[0,"responseCallback"]}}',
  '[4]},{"x":[5]}],"callbacks":{"5":[0,"responseCallback"]}}',
  '[4],"kite":[1]}],"callbacks":{"5":[0,"responseCallback"]}}',
  '[4],"withArgs":[5]}],"callbacks":{"5":[0,"responseCallback"]}}',
  '[4]],"callbacks":{"5":[0,"responseCallback"]}}',
  '[4],"stream":{"next":"[Function]","items":256,"bytes":1}}],"callbacks":{"5":[0,"responseCallback"],"5":[0,"stream","next"]}}',
  '[4],"stream":{"next":"[Function]","items":01,"bytes":1}}],"callbacks":{"5":[0,"responseCallback"],"6":[0,"stream","next"]}}',
  '[4],"stream":{"next":"[Function]","items":,"bytes":1}}],"callbacks":{"5":[0,"responseCallback"],"6":[0,"stream","next"]}}',
  '[4],"stream":{"next":"[Function]","items":1,"bytes":1},"stream":{"next":"[Function]","items":2,"bytes":2}}],"callbacks":{"5":[0,"responseCallback"],"6":[0,"stream","next"]}}',
  '[4],"stream":{"next":"[Function]","items":256,"bytes":1}}],"callbacks":{"6":[0,"stream","next"],"5":[0,"responseCallback"]}}',
  '"stream":{"next":"[Function]","items":256,"bytes":1}}],"callbacks":{"5":[0,"responseCallback"],"6":[0,"stream","next"]}}',
  ',"stream":{"next":"[Function]","items":256,"bytes":1}}],"callbacks":{"5":[0,"responseCallback"],"6":[0,"stream","next"]}}',
  '4}],"callbacks":{"5":[0,"responseCallback"]}}',
  'null}],"callbacks":{"5":[0,"responseCallback"]}}',
  '}],"callbacks":{"5":[0,"responseCallback"]}}',
  '[4 ]}],"callbacks":{"5":[0,"responseCallback"]}}',
  ' [4]}],"callbacks":{"5":[0,"responseCallback"]}}',
];

function mutated(all: readonly string[], count: number, seed: string): string[] {
  const random = seededRandom(seedOfRun(seed));
  const list: string[] = [...all];
  while (list.length < count) {
    let text = all[Math.floor(random() * all.length)] ?? '';
    for (let times = 1 + Math.floor(random() * 2); times > 0; times--) text = mutateFrame(text, all, random);
    list.push(text);
  }
  return list;
}

/** Returns what a message means, or why it is refused, as text that distinguishes -0 and literals. */
function meaning(read: () => unknown): string {
  try {
    return JSON.stringify(read(), (_key, value: unknown) =>
      Object.is(value, -0) ? '-0' : value instanceof Error ? value.message : value,
    );
  } catch (error) {
    return String(error);
  }
}

const limitsOfTest: MessageLimits = { ...defaultLimits, messageBytes: 4096 };

/** Parses every message as a whole. */
function wholeJson(numbers: Numbers): MessageJson['parse'] {
  const { parse } = messageJson(numbers);
  // White space keeps the meaning, and no usual message has any.
  return (text, limits) => parse(`${text} `, { ...limits, messageBytes: limits.messageBytes + 1 });
}

const ALL_NUMBERS = ['exact', 'rounded', 'literal'] as const;

describe('messages in the usual form', () => {
  it.each(ALL_NUMBERS)(
    'a response or a call of a callback means the same as if it was parsed as a whole, with %s numbers',
    (numbers) => {
      const json = messageJson(numbers);
      const whole = wholeJson(numbers);
      const differences: object[] = [];
      let usual = 0;
      for (const text of mutated([...messages, ...UNUSUAL], MESSAGES, `usual messages, ${numbers}`)) {
        const message = parseUsualMessage(text, limitsOfTest, json.parseData);
        if (!message) continue;
        usual++;
        const [found, expected] = [meaning(() => message), meaning(() => whole(text, limitsOfTest))];
        if (found !== expected) differences.push({ text, found, expected });
      }
      console.log(`usual messages: ${differences.length} of ${usual} differ, among ${MESSAGES}`);
      expect(differences.slice(0, 5)).toEqual([]);
      expect(usual).toBeGreaterThan(MESSAGES / 500);
    },
  );

  it.each(ALL_NUMBERS)(
    'the rest of a call means the same as if the call was parsed as a whole, with %s numbers',
    (numbers) => {
      const json = messageJson(numbers);
      const whole = wholeJson(numbers);
      const differences: object[] = [];
      let usual = 0;
      for (const rest of mutated([...rests, ...UNUSUAL_RESTS], MESSAGES, `usual calls, ${numbers}`)) {
        const call = parseUsualCall(rest, limitsOfTest, json.parseData);
        if (!call) continue;
        usual++;
        const { args, response, stream } = call;
        const callbacks = [{ number: response, path: [0, 'responseCallback'] }];
        if (stream) callbacks.push({ number: stream.number, path: [0, 'stream', 'next'] });
        // A table has the numbers in order.
        callbacks.sort((a, b) => a.number - b.number);
        const message: DnodeMessage = {
          method: 'm',
          args: [{ withArgs: args, ...(stream && { stream: stream.window }) }],
          callbacks,
        };
        const [found, expected] = [meaning(() => message), meaning(() => whole(HEAD + rest, limitsOfTest))];
        if (found !== expected) differences.push({ rest, found, expected });
      }
      console.log(`usual calls: ${differences.length} of ${usual} differ, among ${MESSAGES}`);
      expect(differences.slice(0, 5)).toEqual([]);
      expect(usual).toBeGreaterThan(MESSAGES / 500);
    },
  );

  it('what kites write most is parsed in the usual form', () => {
    const data = messageJson('rounded').parseData;
    for (const text of [
      '{"method":5,"arguments":[1,2],"callbacks":{}}',
      '{"method":5,"arguments":[{"error":null,"result":"x"}],"callbacks":{}}',
      `{"method":0,"arguments":[{"error":null,"result":["x"],"extensions":${SPOKEN}}],"callbacks":{}}`,
    ])
      expect(parseUsualMessage(text, defaultLimits, data)).toBeDefined();
    expect(parseUsualCall('[4]}],"callbacks":{"5":[0,"responseCallback"]}}', defaultLimits, data)).toEqual({
      args: [4],
      response: 5,
    });
    const rest = rests.find((text) => text.startsWith('[4],"stream"')) ?? '';
    expect(parseUsualCall(rest, defaultLimits, data)).toMatchObject({
      args: [4],
      response: 5,
      stream: { window: { items: 256, bytes: 1048576 }, number: 6 },
    });
  });

  it.each([{ messageBytes: 40 }, { messageDepth: 2 }, { callbacksPerMessage: 0 }])(
    'a message that exceeds a limit is parsed as a whole: %j',
    (limits) => {
      const all = { ...defaultLimits, ...limits };
      const rest = '[[4]]}],"callbacks":{"5":[0,"responseCallback"]}}';
      expect(parseUsualCall(rest, all, messageJson('rounded').parseData)).toBeUndefined();
    },
  );
});
