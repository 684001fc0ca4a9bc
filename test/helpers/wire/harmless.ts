import type { WireMessage } from './old-peer.js';

/** The fields of the options of a call and of an answer that Go reads, without regard to case. */
const CALL_FIELDS = ['kite', 'authentication', 'withArgs', 'responseCallback'];
const ANSWER_FIELDS = ['error', 'result'];

/**
 * Returns what is in a message that ends kites of other implementations, or makes them wait forever; see "Old peers" in
 * docs/protocol.md. Empty if the message is harmless. `answered` collects the numbers of the calls that were answered.
 */
export function harmIn(text: string, answered: Set<number>): string[] {
  const message = JSON.parse(text) as WireMessage;
  const { method, arguments: args, callbacks } = message;
  const harm: string[] = [];
  const check = (fine: boolean, problem: string): void => {
    if (!fine) harm.push(`${problem}: ${text.slice(0, 300)}`);
  };
  // The mark of values and the request for an answer are sent only to peers that have named the extensions, and old peers ignore them.
  check(
    /^method,arguments,callbacks(?:,answer)?(?:,values)?$/.test(Object.keys(message).join()),
    'other fields than those of dnode',
  );
  check(Array.isArray(args), 'arguments that are not an array');
  check(
    /^(?:0|[1-9]\d*|"(?:[^"\\]|\\.)*")$/.test(JSON.stringify(method)),
    'a method that is not a name or a number',
  );
  for (const [key, path] of Object.entries(callbacks)) {
    check(/^(?:0|[1-9]\d*)$/.test(key), 'a callback whose key is not a decimal number');
    check(
      /^\[(?:Function|Stream)\]$/.test(String(placeAt(args, path))),
      'a callback whose path leads to nothing',
    );
    check(!path.includes(''), 'a function under an empty name');
  }
  if (typeof method === 'string') checkCall(message, check);
  else checkAnswer(message, check, answered);
  return harm;
}

function checkCall(
  { method, arguments: args, callbacks }: WireMessage,
  check: (fine: boolean, problem: string) => void,
): void {
  const [options] = args;
  check(args.length === 1 && isObject(options), 'a call whose arguments are not one object');
  if (!isObject(options)) return;
  const paths = Object.values(callbacks);
  check(Array.isArray(options['withArgs']), 'a call without withArgs');
  check(isUnambiguous(options, CALL_FIELDS), 'an option whose name is another one in Go');
  check(
    paths.every(
      ([index, field, key]) =>
        index === 0 &&
        (field === 'withArgs' || field === 'responseCallback' || (field === 'stream' && key === 'next')),
    ),
    'a function outside the arguments of a call',
  );
  const responses = paths.filter((path) => path[1] === 'responseCallback');
  if (/^kite\.(?:cancel|credit|draining|release)$/.test(String(method))) {
    check(paths.length === 0, `functions in ${method}`);
    return;
  }
  check(responses.length === 1 && responses[0]?.length === 2, 'a call without responseCallback');
  check(isObject(options['kite']), 'a caller that is not an object');
  check(
    options['authentication'] === null || isObject(options['authentication']),
    'credentials of another type',
  );
}

function checkAnswer(
  { method, arguments: args }: WireMessage,
  check: (fine: boolean, problem: string) => void,
  answered: Set<number>,
): void {
  const [answer] = args;
  if (!isObject(answer) || !('result' in answer) || !('error' in answer)) return;
  check(!answered.has(method as number), 'a second answer to one call');
  answered.add(method as number);
  check(isUnambiguous(answer, ANSWER_FIELDS), 'a field of an answer whose name is another one in Go');
}

function isUnambiguous(fields: object, read: readonly string[]): boolean {
  return Object.keys(fields).every(
    (name) => read.includes(name) || !read.some((field) => field.toLowerCase() === name.toLowerCase()),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function placeAt(args: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Record<string | number, unknown>)[key]
        : undefined,
    args,
  );
}
