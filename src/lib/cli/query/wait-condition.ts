import { usageError } from '../runtime/cli-error.js';
import type { WAIT_STATES, WaitPart } from '../settings/command-values.js';

/** What `wait` waits for: at least `count` kites that are registered or that answer, or none that is registered (`gone`). */
export interface WaitCondition {
  readonly state: (typeof WAIT_STATES)[number];
  readonly count: number;
}

/**
 * Combines the values of `--for`: one state, by default `registered`, and one count, by default 1.
 *
 * @throws CliError if they contradict each other
 */
export function waitCondition(parts: readonly WaitPart[]): WaitCondition {
  const states = new Set(parts.flatMap((part) => ('state' in part ? part.state : [])));
  const counts = new Set(parts.flatMap((part) => ('count' in part ? part.count : [])));
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
