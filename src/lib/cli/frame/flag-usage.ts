/** The part of a flag that the usage line shows. */
export interface UsageFlag {
  readonly name: string;
  readonly char?: string | undefined;
  readonly type: string;
  readonly helpValue?: string | readonly string[] | undefined;
  readonly options?: readonly string[] | undefined;
  readonly multiple?: boolean | undefined;
  readonly required?: boolean | undefined;
  readonly hidden?: boolean | undefined;
  readonly exclusive?: readonly string[] | undefined;
  readonly dependsOn?: readonly string[] | undefined;
}

/**
 * Returns the flags of a usage line, each exactly once, required flags first. A flag is within the brackets of the flag that it
 * depends on, flags that depend on each other share brackets, and `|` separates flags that all conflict with each other.
 */
export function flagUsage(flags: readonly UsageFlag[]): readonly string[] {
  const visible = flags.filter(({ hidden }) => hidden !== true);
  const inOrder = [
    ...visible.filter(({ required }) => required === true),
    ...visible.filter(({ required }) => required !== true),
  ];
  return formatLevel(inOrder, undefined);
}

/** Formats the flags that depend on `parent`, or on no flag. */
function formatLevel(flags: readonly UsageFlag[], parent: string | undefined): readonly string[] {
  const level = flags.filter((flag) => parentOf(flag, flags)?.name === parent);
  const listed = new Set<string>();
  return level.flatMap((flag) => {
    if (listed.has(flag.name)) return [];
    const alternatives = [flag];
    for (const other of level) {
      if (!listed.has(other.name) && alternatives.every((one) => conflict(one, other)))
        alternatives.push(other);
    }
    for (const { name } of alternatives) listed.add(name);
    const text = alternatives.map((one) => formatFlag(one, flags, listed)).join(' | ');
    return [flag.required === true ? text : `[${text}]`];
  });
}

/** Formats a flag, the flags that it needs in turn, and those that depend on it. */
function formatFlag(flag: UsageFlag, flags: readonly UsageFlag[], listed: Set<string>): string {
  const partners = flags.filter((other) => other !== flag && dependOnEachOther(flag, other));
  for (const { name } of partners) listed.add(name);
  const dependents = [flag, ...partners].flatMap(({ name }) => formatLevel(flags, name));
  return [...[flag, ...partners].map(formatOne), ...dependents].join(' ');
}

function formatOne({ name, char, type, helpValue, options, multiple }: UsageFlag): string {
  const flag = char === undefined ? `--${name}` : `-${char}`;
  if (type !== 'option') return flag;
  const value = helpValue === undefined ? (options?.join('|') ?? '<value>') : String(helpValue);
  return `${flag} ${value}${multiple === true ? '...' : ''}`;
}

/** Returns the visible flag that a flag depends on, if the dependency is not mutual. */
function parentOf(flag: UsageFlag, flags: readonly UsageFlag[]): UsageFlag | undefined {
  return flags.find((other) => flag.dependsOn?.includes(other.name) && !dependOnEachOther(flag, other));
}

function dependOnEachOther(one: UsageFlag, other: UsageFlag): boolean {
  return one.dependsOn?.includes(other.name) === true && other.dependsOn?.includes(one.name) === true;
}

function conflict(one: UsageFlag, other: UsageFlag): boolean {
  return one.exclusive?.includes(other.name) === true || other.exclusive?.includes(one.name) === true;
}
