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
import { globMatcher, isGlob } from '../../protocol/glob.js';
import { exactQuery } from '../../protocol/query.js';
import { CompletionCache } from './completion-cache.js';
import type { ValueSource } from './candidates.js';

/** Timeout of a lookup, in milliseconds. */
export const LOOKUP_TIMEOUT = 300;

type Flags = Readonly<Record<string, string>>;

/** Returns the values of a source. If a lookup exceeds `LOOKUP_TIMEOUT`, returns cached values or none. */
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
      const values = await cache.get(cacheKeyOf(source, settings), () =>
        withinTimeLimit(runtime, (limited) =>
          source.type === 'kites'
            ? lookUpKites(source.typed, settings, limited)
            : lookUpMethods(flags, limited),
        ),
      );
      return source.type === 'kites' ? withTypedGlobs(values, source.typed) : values;
    }
  }
}

/** Returns the settings of the typed command, with `LOOKUP_TIMEOUT` as timeout of calls. */
function settingsOf(flags: Flags, env: CommandRuntime['env']): CommandSettings {
  return CommandSettings.fromFlags(connectionSettings, flags, env).with(
    commonSettings.timeout,
    LOOKUP_TIMEOUT,
  );
}

/** Returns the values on which a lookup depends. Does not read the kite key: the keychain could prompt for a password. */
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

/** Returns the kites of the typed user, by default of the active kite key, as `/user/environment/name`. */
async function lookUpKites(
  typed: string,
  settings: CommandSettings,
  runtime: CommandRuntime,
): Promise<readonly string[]> {
  const found = await findKey(settings);
  if (!found) return [];
  const [, user = '', rest] = typed.split('/');
  const query =
    user !== '' && rest !== undefined ? { username: user } : exactQuery({ username: found.key.username });
  return withKey(settings, found, 'completing', runtime, async (session) => {
    const all = await getKites(session, query);
    return [...new Set(all.map(({ kite }) => `/${kite.username}/${kite.environment}/${kite.name}`))];
  });
}

/** Returns the paths that match the globs in a typed path, with these globs: the shell compares them with what was typed. */
function withTypedGlobs(paths: readonly string[], typed: string): readonly string[] {
  const globs = typed.split('/').slice(0, -1);
  if (!globs.some(isGlob)) return paths;
  const matching = paths
    .map((path) => path.split('/'))
    .filter((parts) => globs.every((glob, index) => globMatcher(glob)(parts[index] ?? '')));
  return [...new Set(matching.map((parts) => [...globs, ...parts.slice(globs.length)].join('/')))];
}

/** Returns the methods of the target of the command. */
async function lookUpMethods(flags: Flags, runtime: CommandRuntime): Promise<readonly string[]> {
  const { target, settings } = connectionOptions(flags, runtime.env);
  const withTimeout = settings.with(commonSettings.timeout, LOOKUP_TIMEOUT);
  return withConnection({ target, settings: withTimeout }, runtime, async ({ client }) => {
    const answer = await client.call('kite.describe', []);
    const { methods: list } = (answer ?? {}) as { readonly methods?: unknown };
    if (!Array.isArray(list)) return [];
    return list.flatMap((one: unknown) => {
      const { name } = (one ?? {}) as { readonly name?: unknown };
      return typeof name === 'string' ? [name] : [];
    });
  });
}

/** Calls `work` with a runtime that is aborted after `LOOKUP_TIMEOUT`, cannot prompt, and discards output. */
async function withinTimeLimit<Result>(
  runtime: CommandRuntime,
  work: (limited: CommandRuntime) => Promise<Result>,
): Promise<Result> {
  const { clock, signal, env } = runtime;
  const timeout = new AbortController();
  const timer = clock.setTimeout(() => timeout.abort(new Error('The completion timed out')), LOOKUP_TIMEOUT);
  const { Writable } = await import('node:stream');
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const limited: CommandRuntime = {
    ...copyRuntime(runtime),
    env,
    signal: AbortSignal.any([signal, timeout.signal]),
    stderr: silent,
    stdout: silent,
    noInput: true,
  };
  try {
    return await Promise.race([
      work(limited),
      new Promise<never>((_resolve, reject) => {
        timeout.signal.addEventListener('abort', () => reject(timeout.signal.reason as Error), {
          once: true,
        });
      }),
    ]);
  } finally {
    timer.cancel();
  }
}

/** Returns a copy of the runtime. A spread would not copy the getters of `ProcessRuntime`. */
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
    leaveSignals: () => runtime.leaveSignals(),
    beforeForcedExit: (work) => runtime.beforeForcedExit(work),
    onServerSignals: (listeners) => runtime.onServerSignals(listeners),
    reduceMemoryUse: () => runtime.reduceMemoryUse(),
    limitGarbage: () => runtime.limitGarbage(),
    now: () => runtime.now(),
  };
}
