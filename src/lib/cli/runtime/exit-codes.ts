/** How every `kitectl` command tells a script what happened. This is the only place that knows the numbers. */
export const ExitCode = {
  ok: 0,
  remoteError: 1,
  usage: 2,
  configuration: 3,
  authentication: 4,
  notFound: 5,
  unreachable: 6,
  noSuchMethod: 7,
  rateLimit: 8,
  deadline: 124,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** The table of `kitectl help exit-codes`, in the order of the numbers. */
export const exitCodeMeanings: ReadonlyArray<{ readonly code: ExitCode; readonly meaning: string }> = [
  { code: ExitCode.ok, meaning: 'The command did what it was asked.' },
  { code: ExitCode.remoteError, meaning: 'The remote method returned an error.' },
  { code: ExitCode.usage, meaning: 'The command line is wrong: a command, flag or argument.' },
  { code: ExitCode.configuration, meaning: 'The configuration or a key file is missing or broken.' },
  { code: ExitCode.authentication, meaning: 'The remote kite refused who is calling.' },
  { code: ExitCode.notFound, meaning: 'There is no such kite.' },
  { code: ExitCode.unreachable, meaning: 'The kite cannot be reached, or the connection dropped.' },
  { code: ExitCode.noSuchMethod, meaning: 'The kite has no such method.' },
  { code: ExitCode.rateLimit, meaning: 'The method is called too often: its rate limit is used up.' },
  { code: ExitCode.deadline, meaning: 'No answer came within the deadline (--timeout).' },
  { code: ExitCode.interrupted, meaning: 'Interrupted (SIGINT, Ctrl-C).' },
  { code: ExitCode.terminated, meaning: 'Terminated (SIGTERM).' },
];

/** The table as text, one line a code. */
export function formatExitCodes(): string {
  const lines = exitCodeMeanings.map(({ code, meaning }) => `  ${String(code).padStart(3)}  ${meaning}`);
  return ['EXIT CODES', ...lines, ''].join('\n');
}
