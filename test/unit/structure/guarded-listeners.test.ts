import { describe, expect, it } from 'vitest';
import { type SourceFile, sourceFiles, withoutComments } from '../../helpers/source-files.js';

// An exception in a listener of Node, of a library or of a store ends the process. So each listener is guarded
// (src/lib/util/guard-listeners.ts), cannot throw, or is listed here with the reason.

/** Code that pages run: an exception in a listener of a page is logged by the browser and ends nothing. */
const PAGES = /^src\/(?:ui|lib\/transport\/(?:page|webrtc))\//;

/** Emitters of this project: they guard their listeners (src/lib/util/emitter.ts). */
const EMITTERS =
  /(?:^|[.#])(?:registry|table|keyRing|revocations|connection|peer|client|caller|link|kite|core)$/;
const EVENTS =
  /^'(?:connect|disconnect|firstRequest|register|registerFailed|deregister|update|change|issue|revoke|renewKey|retire|drain|draining|added|ended|suspended)'$|^name$/;

/** Listeners that cannot throw. */
const HARMLESS =
  /^(?:\(\) => \{\}|ignore(?:Error)?|resolve|reject|\(\) => (?:resolve\(\)|[\w.]+\.destroy\(\))|\(client\) => client\.on\('error', \(\) => \{\}\))$/;

/** Other listeners that are not guarded, by file and receiver. */
const LISTED: Readonly<Record<string, string>> = {
  'src/lib/util/emitter.ts this': 'an Emitter guards its listeners',
  'src/lib/kite/serve/request-router.ts server':
    'the handlers of the kite never throw; those of the program are called as Node calls them',
  'src/lib/kite/serve/request-router.ts socket': 'only destroys the socket',
  'src/lib/kite/dialed-sockets.ts socket': 'only removes the socket from a set, and settles a promise',
  'src/lib/transport/websocket/websocket-listeners.ts ws':
    'the listeners guard themselves: they run for each message',
  'src/lib/transport/websocket/websocket-listeners.ts socket': 'the listeners guard themselves',
  'src/lib/kite/serve/run-until-signal.ts process': 'a signal of the operator',
  'src/lib/cli/frame/main.ts process': 'the end of the process; rejects a promise',
  'src/lib/cli/frame/handle-signals.ts process': 'a signal of the user',
  'src/lib/cli/runtime/child-groups.ts process': 'the end of the process',
  'src/lib/cli/runtime/process-runtime.ts process': 'a signal of the user',
  'src/lib/cli/kites/run-kite.ts process': 'a signal of the user',
  'src/lib/cli/runtime/process-runtime.ts process.stdout': 'rejects a promise',
  'src/lib/cli/runtime/command-runtime.ts output': 'resolves a promise',
  'src/lib/cli/call/output-window.ts output': 'continues to print',
  'src/lib/cli/top/full-screen.ts this.#input': 'the terminal of the user',
  'src/lib/cli/top/full-screen.ts stdout': 'the terminal of the user',
  'src/lib/cli/terminal/questions.ts input': 'the terminal of the user',
  'src/lib/cli/terminal/prompt-output.ts terminal': 'the terminal of the user',
  'src/lib/util/terminal-input.ts process': 'the listeners are guarded where they are declared',
  'src/lib/util/terminal-input.ts keyboard': 'the listeners are guarded where they are declared',
  'src/lib/util/terminal-input.ts this': 'the listeners are guarded where they are declared',
  'src/lib/cli/shell/line-reader.ts this.#readline': 'the terminal of the user',
};

interface Listening {
  readonly path: string;
  readonly receiver: string;
  readonly event: string;
  readonly listener: string;
}

const LISTEN =
  /([\w.#\]]+(?:\?\.)?)\.(?:on|once|addListener|prependListener|prependOnceListener|addEventListener)\(\s*/g;

/** Every place where code listens for an event, with its two first arguments. */
function listenings({ path, text }: SourceFile): Listening[] {
  const code = withoutComments(text);
  return [...code.matchAll(LISTEN)].map((match) => {
    const [, receiver = ''] = match;
    const [event = '', listener = ''] = argumentsAt(code, match.index + match[0].length);
    return { path, receiver: receiver.replace(/\?$/, ''), event, listener };
  });
}

/** The arguments of a call, from the position after its parenthesis. Good enough for code that the formatter has formatted. */
function argumentsAt(code: string, start: number): string[] {
  const found: string[] = [];
  let depth = 0;
  let from = start;
  for (let at = start; at < code.length; at++) {
    const character = code[at] ?? '';
    if ('([{'.includes(character)) depth++;
    else if (')]}'.includes(character) && depth-- === 0) {
      found.push(code.slice(from, at).trim());
      break;
    } else if (character === ',' && depth === 0) {
      found.push(code.slice(from, at).trim());
      from = at + 1;
    }
  }
  return found.filter((argument) => argument !== '');
}

type Guard = 'guarded' | 'an emitter' | 'an abort' | 'harmless' | 'listed' | 'unguarded';

function guardOf({ path, receiver, event, listener }: Listening, text: string): Guard {
  if (/^(?:guarded|guardListeners?)\(/.test(listener)) return 'guarded';
  const named =
    /^\w+$/.test(listener) && new RegExp(`\\b${listener} = (?:guarded|guardListeners?)\\(`).test(text);
  if (named) return 'guarded';
  if (HARMLESS.test(listener)) return 'harmless';
  // Its listeners only cancel, close, or settle a promise.
  if (event === "'abort'") return 'an abort';
  if (EMITTERS.test(receiver) && EVENTS.test(event)) return 'an emitter';
  return LISTED[`${path} ${receiver}`] === undefined ? 'unguarded' : 'listed';
}

describe('listeners', () => {
  it('listeners for events of Node, libraries and stores are guarded, cannot throw, or are listed with a reason', () => {
    const counts = new Map<Guard, number>();
    const unguarded: Listening[] = [];
    const used = new Set<string>();
    for (const file of sourceFiles().filter(({ path }) => !PAGES.test(path))) {
      for (const listening of listenings(file)) {
        const guard = guardOf(listening, file.text);
        counts.set(guard, (counts.get(guard) ?? 0) + 1);
        if (guard === 'listed') used.add(`${listening.path} ${listening.receiver}`);
        if (guard === 'unguarded') unguarded.push(listening);
      }
    }
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    console.log(`${total} listeners: ${[...counts].map(([guard, count]) => `${count} ${guard}`).join(', ')}`);
    expect(unguarded).toEqual([]);
    expect(Object.keys(LISTED).filter((entry) => !used.has(entry))).toEqual([]);
    expect(total).toBeGreaterThan(100);
  });

  it.each([
    ["socket.on('data', (chunk: Buffer) => parse(chunk));", 'unguarded'],
    ["socket.once('data', onData);", 'unguarded'],
    ["server.prependListener('connection', (socket) => accept(socket));", 'unguarded'],
    ["const onData = guarded((chunk: Buffer) => parse(chunk));\nsocket.on('data', onData);", 'guarded'],
    ["socket.on(\n  'data',\n  guarded((chunk) => parse(chunk)),\n);", 'guarded'],
    ["socket.on('error', () => socket.destroy());", 'harmless'],
    ["signal.addEventListener('abort', () => close(), { once: true });", 'an abort'],
    ["this.#registry.on('register', (entry) => notify(entry));", 'an emitter'],
    ["client.on('data', (entry) => notify(entry));", 'unguarded'],
  ] as const)('the listener in %j is %s', (text, guard) => {
    const [listening] = listenings({ path: 'src/lib/x.ts', text });
    expect(listening && guardOf(listening, text)).toBe(guard);
  });
});

/** Places that start a program. */
const SPAWN = /(?<![.\w])(?:spawn|fork|execFile|exec)\(/g;

describe('programs', () => {
  it('programs are started through startChild, because one that cannot be started may have no streams', () => {
    const places = sourceFiles().flatMap(({ path, text }) =>
      [...withoutComments(text).matchAll(SPAWN)].map(({ index }) => ({
        path,
        before: withoutComments(text).slice(0, index).replaceAll(/\s+/g, ' ').trimEnd(),
      })),
    );
    console.log(`${places.length} places start a program`);
    expect(places.length).toBeGreaterThan(2);
    for (const { path, before } of places)
      expect(before, path).toMatch(/startChild\( ?\(\) =>(?: \(child =)?$/);
  });
});
