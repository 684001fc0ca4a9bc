import type { Auth, Client } from '../../index.js';
import { OnDemandClient, type TargetClient } from './on-demand-client.js';
import { type Operation, toCliError } from '../frame/failures.js';
import { listAttempts } from '../../kite/service/attempts.js';
import { CliError } from '../runtime/cli-error.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';
import { connectAtPath } from './connect-at-path.js';
import type { Spinner } from '../terminal/spinner.js';

/** A kite to dial, and the credentials for it. */
export interface DialCandidate {
  readonly url: string;
  readonly auth: Auth | null;
  /** Returns the credentials for a connection whose peer requires some. Default: `auth` is all. */
  readonly authOnDemand?: (client: Client) => Promise<Auth>;
}

export interface DialedKite {
  readonly client: TargetClient;
  /** The URL of the kite. */
  readonly url: string;
  /** The candidates that were not dialed. */
  readonly rest: readonly DialCandidate[];
  /** Shows progress to the user. */
  readonly spinner: Spinner;
  /** Returns the operation of a call over this connection, for error messages. */
  readonly operationFor: (method: string) => Operation;
  /** Opens another connection to the same kite, which is closed together with this one. */
  readonly openAnother: () => Promise<TargetClient>;
}

/** What has failed at kites before another one was tried. */
export type FailedKites = { readonly kite: { readonly url: string }; readonly error: CliError }[];

/**
 * Dials the candidates in order until one connects, and adds those that do not to `failed`. Rejects with the failure of the last,
 * and what was tried before.
 */
export async function dialFirst(
  candidates: readonly DialCandidate[],
  { spinner, runtime }: { readonly spinner: Spinner; readonly runtime: Pick<CommandRuntime, 'stderr'> },
  connect: (candidate: DialCandidate) => Client,
  failed: FailedKites = [],
): Promise<DialedKite> {
  const dial = async (candidate: DialCandidate): Promise<readonly [Client, DialCandidate]> => {
    const client = connect(candidate);
    try {
      await spinner.during(`Connecting to ${candidate.url}`, () => client.dial());
      return [client, candidate];
    } catch (error) {
      client.close();
      throw error;
    }
  };
  const connectAt = connectAtPath(runtime);
  for (const [index, candidate] of candidates.entries()) {
    try {
      const dialed = await connectAt(candidate.url, (url) => dial({ ...candidate, url }));
      return dialedKite(...dialed, candidates.slice(index + 1), spinner, connect);
    } catch (error) {
      failed.push({ kite: candidate, error: toCliError(error, { description: '', target: candidate.url }) });
    }
  }
  throw lastFailure(failed) ?? new Error('There are no candidates to dial');
}

/** Returns the failure to report: that of the last kite, and what was tried before, as in an error of a service. */
export function lastFailure(failed: FailedKites): CliError | undefined {
  const last = failed.at(-1)?.error;
  if (!last || failed.length === 1) return last;
  const { exitCode, type, code, requestId, hint, cause } = last;
  const message = `None of ${failed.length} kites could be called: ${listAttempts(failed).join('; ')}`;
  return new CliError(message, { exitCode, type, code, requestId, hint, cause });
}

function dialedKite(
  client: Client,
  candidate: DialCandidate,
  rest: readonly DialCandidate[],
  spinner: Spinner,
  connect: (candidate: DialCandidate) => Client,
): DialedKite {
  const { url } = candidate;
  return {
    client: withAuth(client, candidate),
    url,
    rest,
    spinner,
    operationFor: (method) => ({
      description: `calling ${JSON.stringify(method)} at ${url}`,
      target: url,
      // Also true once the kite has required it.
      get withKey() {
        return client.auth !== null;
      },
    }),
    openAnother: async () => {
      const another = connect(candidate);
      await another.dial().catch((error: unknown) => {
        throw toCliError(error, { description: '', target: url });
      });
      return withAuth(another, candidate);
    },
  };
}

function withAuth(client: Client, { authOnDemand }: DialCandidate): TargetClient {
  return authOnDemand ? new OnDemandClient(client, () => authOnDemand(client)) : client;
}
