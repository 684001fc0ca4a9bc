/** An argument of a command. */
export interface UsageArgument {
  readonly name: string;
  readonly required?: boolean | undefined;
  readonly multiple?: boolean | undefined;
}

/** Returns the usage line of a command, such as `kitectl call METHOD [ARGS...]`. `id` is the name of the command. */
export function usageOf(id: string, args: readonly UsageArgument[]): string {
  return ['kitectl', id, ...args.map(usageOfArgument)].join(' ');
}

/** Returns an argument in a usage line, such as `[ARGS...]`. */
export function usageOfArgument({ name, required = false, multiple = false }: UsageArgument): string {
  const text = `${name.toUpperCase()}${multiple ? '...' : ''}`;
  return required ? text : `[${text}]`;
}
