import { readFileSync, readdirSync } from 'node:fs';

/** Parts that a decoder of frames and messages treats specially. */
const TOKENS: readonly string[] = [
  'null',
  '{}',
  '[]',
  '[[[[',
  ']]]]',
  '"',
  '\\',
  '\\u0000',
  '\\ud800',
  '\t',
  '-1',
  '1e309',
  '9007199254740993',
  '4294967294',
  '0.5',
  'true',
  '"__proto__"',
  '"constructor"',
  '"toString"',
  '"method"',
  '"arguments"',
  '"callbacks"',
  '"withArgs"',
  '"kite.ping"',
  '"kite.heartbeat"',
  '"kite.cancel"',
  '"kite.release"',
  '"kite.draining"',
  '"answer":0,',
  '"kite.credit"',
  '"collect"',
  '"[Stream]"',
  '"stream":{"next":"[Function]","items":3,"bytes":99},',
  '[0,"stream","next"]',
  '"items":-1',
  '"bytes":1e9',
  '"next"',
  '"end"',
  '"extensions":["cancel","stream","values","bytes"],',
  '"deadline":5,',
  '"metadata":{"a":"b"},',
  '"responseCallback"',
  '"square"',
  '"count"',
  '"0"',
  '"7"',
  '[0,"withArgs",1]',
  '[0]',
  '"values":true',
  '{\\"$\\":\\"set\\",\\"v\\":[]}',
  '"$"',
  '"v"',
  '[0,"kite"]',
  '[]]',
  ',',
  ':',
];

/** The messages of the vectors, as frames. */
function vectorFrames(sender: 'caller' | 'kite'): string[] {
  const vectors = new URL('../../vectors/', import.meta.url);
  return readdirSync(vectors)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => {
      const { vectors: list } = JSON.parse(readFileSync(new URL(name, vectors), 'utf8')) as {
        vectors: { frames: { from: string; message: unknown }[] }[];
      };
      return list.flatMap(({ frames }) => frames.filter(({ from }) => from === sender));
    })
    .map(({ message }) => JSON.stringify([JSON.stringify(message)]));
}

/** The frames with which a kite answers, streams and controls streams. */
export function kiteFrames(): string[] {
  const control = (method: number, args: string, callbacks = '{}'): string =>
    JSON.stringify([`{"method":${method},"arguments":${args},"callbacks":${callbacks}}`]);
  const controls = [0, 1, 2, 3, 4, 5].flatMap((method) => [
    control(method, '[1,2,3]'),
    control(method, '[]'),
    control(method, '[5]'),
    control(method, '[{"error":null,"result":1}]'),
    control(
      method,
      '[{"next":"[Function]","end":"[Function]","items":3,"bytes":99}]',
      '{"500":[0,"next"],"501":[0,"end"]}',
    ),
  ]);
  return [...vectorFrames('kite'), ...controls];
}

/** The frames of clients in the recordings, and frames with heartbeats, functions and responses. */
export function clientFrames(): string[] {
  const folder = new URL('../../fixtures/wire/', import.meta.url);
  const recorded = readdirSync(folder)
    .filter((name) => name.startsWith('call-'))
    .flatMap((name) => readFileSync(new URL(name, folder), 'utf8').trim().split('\n'))
    .map((line) => JSON.parse(line) as { dir: string; ws?: string; body?: string })
    .filter(({ dir, ws, body }) => dir === '>' && (ws ?? body ?? '') !== '')
    .map(({ ws, body }) => ws ?? body ?? '');
  const call = (method: string, args: string, callbacks: string): string =>
    JSON.stringify([
      `{"method":${method},"arguments":[{"kite":{"name":"n"},"authentication":null,"responseCallback":"[Function]","withArgs":${args}}],"callbacks":${callbacks}}`,
    ]);
  const extended = vectorFrames('caller');
  const tagged = (method: string, args: string): string =>
    JSON.stringify([
      `{"method":${method},"arguments":[{"kite":{"name":"n"},"authentication":null,"responseCallback":"[Function]","withArgs":${args},"extensions":["values","bytes"]}],"callbacks":{"0":[0,"responseCallback"],"1":[0,"withArgs",0,"v",0]},"values":true}`,
    ]);
  return [
    ...recorded,
    ...extended,
    call('"kite.heartbeat"', '[0,"[Function]"]', '{"0":[0,"responseCallback"],"1":[0,"withArgs",1]}'),
    call('"count"', '[3,{"a":"[Function]"}]', '{"0":["0","responseCallback"],"1":["0","withArgs","1","a"]}'),
    call('0', '[]', '{}'),
    tagged(
      '"echo"',
      '[{"$":"map","v":[["a",{"$":"date","v":0}],[1,{"$":"error","v":{"name":"E","message":"m"}}]]}]',
    ),
    tagged('"count"', '[{"$":"set","v":["[Function]"]},{"$":"bytes","v":"AAEC"},{"$":"object","v":{"$":1}}]'),
    '["{\\"method\\":0,\\"arguments\\":[{\\"error\\":null,\\"result\\":16}],\\"callbacks\\":{}}"]',
  ];
}

/** Returns a frame with one random change. `all`: frames from which parts are taken. */
export function mutateFrame(frame: string, all: readonly string[], random: () => number): string {
  const below = (n: number): number => Math.floor(random() * n);
  const token = (): string => TOKENS[below(TOKENS.length)] ?? '';
  const at = below(frame.length + 1);
  switch (below(6)) {
    case 0:
      return frame.slice(0, at);
    case 1:
      return frame.slice(0, at) + token() + frame.slice(at);
    case 2:
      return frame.slice(0, at) + token() + frame.slice(at + below(20));
    case 3:
      return frame.slice(0, at) + String.fromCharCode(below(0x10000)) + frame.slice(at + 1);
    case 4:
      return frame.slice(0, at) + frame.slice(at + below(40));
    default:
      return frame.slice(0, at) + (all[below(all.length)] ?? '').slice(at);
  }
}
