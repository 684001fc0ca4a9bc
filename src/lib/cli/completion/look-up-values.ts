import { connectionOptions } from '../target/connection-flags.js';
import { withConnection } from '../target/with-connection.js';
import { CommandSettings } from '../settings/command-settings.js';
import { commonSettings } from '../settings/common-settings.js';
import { connectionSettings } from '../settings/connection-settings.js';
import { readContexts } from '../settings/contexts.js';
import { describeLocation } from '../settings/key-location.js';
import { allKeys, entryAccount } from '../keys/all-keys.js';
import { getKites } from '../target/discovery.js';
import { findKey, resolveKeyLocation } from '../target/find-key.js';
import { withKey } from '../target/with-kontrol.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { CompletionCache } from './completion-cache.js';
import type { ValueSource } from './candidates.js';

/** Milliseconds that a person waits for a completion. */
export const LOOKUP_TIMEOUT = 300;

type Flags = Readonly<Record<string, string>>;

/** What a source answers, after `PATIENCE` at most: what it answered before, or nothing, where it takes longer. */
export async function lookUpValues(
  source: ValueSource,
  flags: Flags,
  runtime: CommandRuntime,
): Promise<readonly string[]> {
  const { env, clock } = runtime;
  switch (source.type) {
    case 'contexts':
      return Array.from(readContexts(env).contexts.keys());
    case 'accounts': {
      const keys = await allKeys({ settings: CommandSettings.withoutFlags(env), keychain: false });
      return keys.map(entryAccount).filter((account) => account !== '');
    }
    case 'kites':
    case 'methods': {
      const cache = new CompletionCache(env, () => clock.now());
      const settings = settingsOf(flags, env);
      const question = cacheKeyOf(source, settings);
      return cache.get(question, () =>
        withinTimeLimit(runtime, (world) =>
          source.type === 'kites' ? lookUpKites(source.typed, settings, world) : lookUpMethods(flags, world),
        ),
      );
    }
  }
}

/** The settings of the command that is typed, of which the answers take `PATIENCE` at most. */
function settingsOf(flags: Flags, env: CommandRuntime['env']): CommandSettings {
  return CommandSettings.fromFlags(connectionSettings, flags, env).with(
    commonSettings.timeout,
    LOOKUP_TIMEOUT,
  );
}

/** What an answer depends on. The key itself is not read: the keychain might ask for a password. */
function cacheKeyOf(source: ValueSource, settings: CommandSettings): string[] {
  const { location } = resolveKeyLocation(settings);
  const [, user = ''] = source.type === 'kites' ? source.typed.split('/') : [];
  return [
    source.type,
    user,
    JSON.stringify(settings.value(commonSettings.to) ?? ''),
    settings.value(commonSettings.kontrol).join(),
    JSON.stringify(settings.context ?? {}),
    describeLocation(location),
  ];
}

/** The kites of the person, or of the user that is typed, as `/user/environment/name`. */
async function lookUpKites(
  typed: string,
  settings: CommandSettings,
  world: CommandRuntime,
): Promise<readonly string[]> {
  const found = await findKey(settings);
  if (!found) return [];
  const [, user = '', rest] = typed.split('/');
  const username = user !== '' && rest !== undefined ? user : found.key.username;
  return withKey(settings, found, 'completing', world, async (at) => {
    const all = await getKites(at, { username });
    return [...new Set(all.map(({ kite }) => `/${kite.username}/${kite.environment}/${kite.name}`))];
  });
}

/** The methods of the kite that the command would talk to. */
async function lookUpMethods(flags: Flags, world: CommandRuntime): Promise<readonly string[]> {
  const { target, settings } = connectionOptions(flags, world.env);
  const inTime = settings.with(commonSettings.timeout, LOOKUP_TIMEOUT);
  return withConnection({ target, settings: inTime }, world, async ({ client }) => {
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
async function withinTimeLimit<Result>(
  runtime: CommandRuntime,
  work: (world: CommandRuntime) => Promise<Result>,
): Promise<Result> {
  const { clock, signal, env } = runtime;
  const late = new AbortController();
  const timer = clock.setTimeout(() => late.abort(new Error('Completion takes too long')), LOOKUP_TIMEOUT);
  const { Writable } = await import('node:stream');
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const world: CommandRuntime = {
    ...copyRuntime(runtime),
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
function copyRuntime(runtime: CommandRuntime): CommandRuntime {
  const { stdin, stdout, stderr, env, signal, version, color, noInput, clock } = runtime;
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
    deferExit: () => runtime.deferExit(),
    reduceMemoryUse: () => runtime.reduceMemoryUse(),
    now: () => runtime.now(),
  };
}
