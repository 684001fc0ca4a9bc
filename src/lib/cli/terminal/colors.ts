// Escape sequences, so that neither errors nor feeds have to load chalk.

export function red(text: string): string {
  return `\u001b[31m${text}\u001b[39m`;
}

export function bold(text: string): string {
  return `\u001b[1m${text}\u001b[22m`;
}
