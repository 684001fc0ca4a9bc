import { usageError } from '../runtime/cli-error.js';

/** What `wait` waits for: at least `count` kites that are registered or that answer, or none that is registered (`gone`). */
export interface WaitCondition {
  readonly state: 'registered' | 'answering' | 'gone';
  readonly count: number;
}

/** The values of `--for`, for help and completion. */
export const WAIT_FORMS = 'registered, answering, gone or count=N';

/** What one value of `--for` sets. */
type Part = Partial<WaitCondition>;

/** Parses one value of `--for`. Returns undefined if it is not accepted. */
export function parseWaitPart(text: string): Part | undefined {
  if (text === 'registered' || text === 'answering' || text === 'gone') return { state: text };
  const [, digits] = /^count=(\d{1,9})$/.exec(text) ?? [];
  return digits === undefined || Number(digits) === 0 ? undefined : { count: Number(digits) };
}

/**
 * Combines the values of `--for`: one state, by default `registered`, and one count, by default 1.
 *
 * @throws CliError if they contradict each other
 */
export function waitCondition(values: readonly string[]): WaitCondition {
  const parts = values.map((value) => parseWaitPart(value) ?? {});
  const states = new Set(parts.flatMap(({ state }) => state ?? []));
  const counts = new Set(parts.flatMap(({ count }) => count ?? []));
  if (states.has('gone') && (states.size > 1 || counts.size > 0))
    throw usageError(
      '--for gone cannot be combined with other conditions: it means that no kite is registered.',
    );
  if (counts.size > 1) throw usageError(`--for has several counts: ${[...counts].join(', ')}`);
  const [count = 1] = counts;
  // A kite that answers is registered.
  const state = states.has('gone') ? 'gone' : states.has('answering') ? 'answering' : 'registered';
  return { state, count };
}

/** Describes what `wait` waits for, such as `3 kites of /bob/prod/math to answer`. */
export function describeCondition({ state, count }: WaitCondition, query: string): string {
  if (state === 'gone') return `the kites of ${query} to be gone`;
  const verb = state === 'answering' ? 'answer' : 'register';
  return `${count === 1 ? 'a kite' : `${count} kites`} of ${query} to ${verb}`;
}
