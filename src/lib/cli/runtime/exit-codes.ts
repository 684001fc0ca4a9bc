/** The exit codes of `kitectl`. */
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
  hungUp: 129,
  interrupted: 130,
  quit: 131,
  terminated: 143,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** The table of `kitectl help exit-codes`, in ascending order. */
export const exitCodeMeanings: ReadonlyArray<{ readonly code: ExitCode; readonly meaning: string }> = [
  { code: ExitCode.ok, meaning: 'The command succeeded.' },
  { code: ExitCode.remoteError, meaning: 'The remote method returned an error.' },
  { code: ExitCode.usage, meaning: 'A command, flag or argument is invalid.' },
  { code: ExitCode.configuration, meaning: 'A setting or file is missing or invalid.' },
  { code: ExitCode.authentication, meaning: 'The kite rejected the authentication of the caller.' },
  { code: ExitCode.notFound, meaning: 'No such kite was found.' },
  { code: ExitCode.unreachable, meaning: 'The kite is unreachable, or the connection was lost.' },
  { code: ExitCode.noSuchMethod, meaning: 'The kite has no such method.' },
  { code: ExitCode.rateLimit, meaning: 'The rate limit of the method was exceeded.' },
  { code: ExitCode.deadline, meaning: 'The call or the wait timed out (--timeout).' },
  { code: ExitCode.hungUp, meaning: 'The terminal was closed (SIGHUP).' },
  { code: ExitCode.interrupted, meaning: 'Interrupted (SIGINT, Ctrl-C).' },
  { code: ExitCode.quit, meaning: 'Quit (SIGQUIT, Ctrl-\\).' },
  { code: ExitCode.terminated, meaning: 'Terminated (SIGTERM).' },
];

/** Formats the table with one line per code. */
export function formatExitCodes(): string {
  const lines = exitCodeMeanings.map(({ code, meaning }) => `  ${String(code).padStart(3)}  ${meaning}`);
  return ['EXIT CODES', ...lines, ''].join('\n');
}
