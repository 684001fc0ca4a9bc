/** Tables of results, and the goals that were missed. */

const missed: string[] = [];

/** Formats a value. Records it if it does not reach its goal. */
export function checkGoal(what: string, value: number, reached: boolean, goal: string): string {
  if (!reached && !Number.isNaN(value)) missed.push(`${what}: ${value.toFixed(2)} (${goal})`);
  return formatRatio(value);
}

/** What is missing is what a peer cannot do. */
export function formatRatio(value: number): string {
  return Number.isNaN(value) ? '–' : value.toFixed(2);
}

/** Says which goals were missed. */
export function reportGoals(): void {
  console.log(missed.length === 0 ? '\nAll goals are reached.' : `\nMissed: ${missed.join('; ')}`);
}

export function tableRow(...cells: readonly string[]): void {
  console.log(`| ${cells.join(' | ')} |`);
}

export function tableHeader(...cells: readonly string[]): void {
  console.log();
  tableRow(...cells);
  tableRow(...cells.map(() => '---'));
}

export function median(list: readonly number[]): number {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;
}
