import { type Listing, printList } from '../../../src/lib/cli/terminal/listing.js';
import type { OutputFormat } from '../../../src/lib/cli/terminal/output-format.js';
import { Sink, testRuntime } from './test-runtime.js';

export interface Fruit {
  readonly name: string;
  readonly weight: number;
}

export const fruits: Listing<Fruit> = {
  columns: [
    { heading: 'name', text: ({ name }) => name },
    { heading: 'weight', text: ({ weight }) => String(weight), wide: true },
  ],
  data: ({ name, weight }) => ({ name, weight }),
  name: ({ name }) => name,
};

export const rows: Fruit[] = [
  { name: 'apple', weight: 4 },
  { name: 'fig\t\u001b[2J\u202e', weight: 1 },
];

export const printedList = (format: OutputFormat | undefined, isTTY = false) =>
  printed((world) => printList(rows, fruits, format, world), isTTY);

/** The output on a terminal or in a pipe. */
export async function printed(
  print: (world: ReturnType<typeof testRuntime>) => Promise<unknown>,
  isTTY = false,
) {
  const stdout = new Sink({ isTTY, columns: 60 });
  await print(testRuntime({ stdout, color: 'never' }));
  return stdout.text;
}
