import { usageError } from '../runtime/cli-error.js';
import { contextIfThere } from '../target/contexts.js';
import { askFor } from '../terminal/prompt.js';
import { canAsk, type Surroundings } from '../runtime/command-runtime.js';
import { checkedUrl } from '../target/target.js';

const EXAMPLE = 'http://127.0.0.1:4000/kite';

export interface RegisterFlags {
  readonly to?: string | undefined;
  readonly username?: string | undefined;
  readonly context?: string | undefined;
}

/**
 * Where a kite key is asked for, and for whom: the flags, else `KITE_KONTROL_URL` and `KITE_USERNAME`, else the context,
 * else what the person says at the terminal.
 *
 * @throws CliError where one is not said and nobody can be asked, or where it cannot be
 */
export async function registerTarget(
  flags: RegisterFlags,
  surroundings: Surroundings,
): Promise<{ readonly to: string; readonly username: string }> {
  const { env } = surroundings;
  const context = contextIfThere(flags.context, env)?.context ?? {};
  const from = (urls: string | undefined): string | undefined => urls?.split(',')[0]?.trim() || undefined;
  const said = flags.to ?? from(env['KITE_KONTROL_URL']) ?? from(context.kontrol);
  const to = checkedUrl(said ?? (await askUrl(surroundings)), sourceOf(flags, env), EXAMPLE);
  const username =
    flags.username ?? (env['KITE_USERNAME'] || context.username || (await askUsername(surroundings)));
  if (username.includes('/')) throw usageError(`A user name contains no "/": ${username}`);
  return { to, username };
}

function sourceOf({ to }: RegisterFlags, env: Surroundings['env']): string {
  return to === undefined && env['KITE_KONTROL_URL'] ? 'KITE_KONTROL_URL' : '--to';
}

async function askUrl(surroundings: Surroundings): Promise<string> {
  if (canAsk(surroundings)) return askFor('Where is Kontrol?', EXAMPLE, surroundings);
  throw usageError(
    'No Kontrol to ask: neither --to nor KITE_KONTROL_URL is given.',
    `Name it with --to ${EXAMPLE}`,
  );
}

async function askUsername(surroundings: Surroundings): Promise<string> {
  if (canAsk(surroundings)) return askFor('Who do you want to be?', surroundings.env['USER'], surroundings);
  throw usageError(
    'Nobody to register: neither --username nor KITE_USERNAME is given.',
    'Say who you want to be with --username NAME',
  );
}
