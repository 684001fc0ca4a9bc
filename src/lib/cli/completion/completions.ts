import { connectionOptions } from '../target/connection-flags.js';
import { withConnection } from '../target/with-connection.js';
import { contextInUse, readContexts } from '../target/contexts.js';
import { allKeys, entryAccount } from '../keys/all-keys.js';
import { describePlace, findKey, placeOfKey } from '../target/find-key.js';
import { getKites, withKey } from '../target/with-kontrol.js';
import type { Surroundings } from '../runtime/command-runtime.js';
import { CompletionCache } from './completion-cache.js';
import type { Source } from './candidates.js';

/** Milliseconds that a person waits for a completion. */
export const PATIENCE = 300;

type Flags = Readonly<Record<string, string>>;

/** What a source answers, after `PATIENCE` at most: what it answered before, or nothing, where it takes longer. */
export async function answersOf(
  source: Source,
  flags: Flags,
  surroundings: Surroundings,
): Promise<readonly string[]> {
  const { env, clock } = surroundings;
  switch (source.type) {
    case 'contexts':
      return Array.from(readContexts(env).contexts.keys());
    case 'accounts': {
      const keys = await allKeys({ keyFile: undefined, keychain: false }, env);
      return keys.map(entryAccount).filter((account) => account !== '');
    }
    case 'kites':
    case 'methods': {
      const cache = new CompletionCache(env, () => clock.now());
      const question = questionOf(source, flags, env);
      return cache.get(question, () =>
        inTime(surroundings, (world) =>
          source.type === 'kites' ? kites(source.typed, flags, world) : methods(flags, world),
        ),
      );
    }
  }
}

/** What an answer depends on. The key itself is not read: the keychain might ask for a password. */
function questionOf(source: Source, flags: Flags, env: Surroundings['env']): string[] {
  const context = contextInUse(flags['context'], env);
  const { place } = placeOfKey({ keyFile: flags['key-file'], context: flags['context'] }, env);
  const [, user = ''] = source.type === 'kites' ? source.typed.split('/') : [];
  return [
    source.type,
    user,
    flags['to'] ?? env['KITE_TO'] ?? '',
    flags['kontrol'] ?? env['KITE_KONTROL_URL'] ?? '',
    JSON.stringify(context ?? {}),
    describePlace(place),
  ];
}

/** The kites of the person, or of the user that is typed, as `/user/environment/name`. */
async function kites(typed: string, flags: Flags, world: Surroundings): Promise<readonly string[]> {
  const found = await findKey({ keyFile: flags['key-file'], context: flags['context'] }, world.env);
  if (!found) return [];
  const [, user = '', rest] = typed.split('/');
  const username = user !== '' && rest !== undefined ? user : found.key.username;
  const { kontrol, context } = { kontrol: flags['kontrol']?.split(','), context: flags['context'] };
  const options = {
    kontrol,
    context,
    transport: undefined,
    timeout: PATIENCE,
    key: found.key,
    source: found.source,
  };
  return withKey(options, 'completing', world, async (at) => {
    const all = await getKites(at, { username });
    return [...new Set(all.map(({ kite }) => `/${kite.username}/${kite.environment}/${kite.name}`))];
  });
}

/** The methods of the kite that the command would talk to. */
async function methods(flags: Flags, world: Surroundings): Promise<readonly string[]> {
  const { to, kontrol, context, auth } = flags;
  const options = connectionOptions({ to, kontrol, context, auth, 'key-file': flags['key-file'] }, world.env);
  return withConnection({ ...options, timeout: PATIENCE }, world, async ({ client }) => {
    const answer = await client.call<unknown, string>('kite.describe', []);
    const { methods: list } = (answer ?? {}) as { readonly methods?: unknown };
    if (!Array.isArray(list)) return [];
    return list.flatMap((one: unknown) => {
      const { name } = (one ?? {}) as { readonly name?: unknown };
      return typeof name === 'string' ? [name] : [];
    });
  });
}

/** Does something in a world that ends after `PATIENCE`, where nobody is asked and nothing is said. */
async function inTime<Result>(
  surroundings: Surroundings,
  work: (world: Surroundings) => Promise<Result>,
): Promise<Result> {
  const { clock, signal, env } = surroundings;
  const late = new AbortController();
  const timer = clock.setTimeout(() => late.abort(new Error('Completion takes too long')), PATIENCE);
  const { Writable } = await import('node:stream');
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const world: Surroundings = {
    ...bare(surroundings),
    env,
    signal: AbortSignal.any([signal, late.signal]),
    stderr: silent,
    stdout: silent,
    noInput: true,
  };
  try {
    return await Promise.race([
      work(world),
      new Promise<never>((_resolve, reject) => {
        late.signal.addEventListener('abort', () => reject(late.signal.reason as Error), { once: true });
      }),
    ]);
  } finally {
    timer.cancel();
  }
}

/** The surroundings as an object of its own: those of a process are getters. */
function bare(surroundings: Surroundings): Surroundings {
  const { stdin, stdout, stderr, env, signal, version, color, noInput, clock } = surroundings;
  return {
    stdin,
    stdout,
    stderr,
    env,
    signal,
    version,
    color,
    noInput,
    clock,
    endByItself: () => surroundings.endByItself(),
    spareMemory: () => surroundings.spareMemory(),
    now: () => surroundings.now(),
  };
}
