/** What is needed to know of an argument. */
export interface UsageArgument {
  readonly name: string;
  readonly required?: boolean | undefined;
  readonly multiple?: boolean | undefined;
}

/** How a command is written: `kitectl call METHOD [ARGS...]`. `id` is its words. */
export function usageOf(id: string, args: readonly UsageArgument[]): string {
  return ['kitectl', id, ...args.map(usageOfArgument)].join(' ');
}

function usageOfArgument({ name, required = false, multiple = false }: UsageArgument): string {
  const text = `${name.toUpperCase()}${multiple ? '...' : ''}`;
  return required ? text : `[${text}]`;
}
