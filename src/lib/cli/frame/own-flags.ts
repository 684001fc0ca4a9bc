/** A flag in a sentence, with its value. Not the end of a longer word. */
const FLAG = /(?<![\w-])--([a-z][a-z0-9-]*)(?:[ =]((?:[A-Z][A-Z_|]*|[a-z-]*\d\w*|kite-key|none)(?![\w-])))?/g;

/** Another command in a sentence, or the part of it that names another command: its flags are not those of this one. */
const OTHER_COMMAND = /\bkitectl [^.]*(?:\.(?=\S)[^.]*)*|--[a-z-]+(?: [A-Z]+)? of [a-z ]+(?=,|\.|$)/g;

/** The settings of flags that not every command has. Their variables have the same names. */
const SETTINGS: ReadonlyMap<string, string> = new Map([
  ['context', 'context'],
  ['key-file', 'key-file'],
  ['kontrol', 'kontrol-url'],
  ['timeout', 'timeout'],
  ['to', 'to'],
]);

/** A hint that names the flag and its variable names the variable twice after the replacement. */
const TWICE = /\b(KITE_\w+)(?:=\S+)? or \1\b/g;

/**
 * Returns a hint for a command with these flags. Errors occur in many commands, and so do their hints. A flag that the command
 * does not have is replaced with its variable; a sentence that then still names one is left out.
 */
export function hintWithOwnFlags(hint: string, hasFlag: (name: string) => boolean): string {
  if (!hint.includes('--')) return hint;
  const replaced = outsideOfCommands(hint, (text) =>
    text.replaceAll(FLAG, (flag: string, name: string, value: string | undefined) => {
      const setting = SETTINGS.get(name);
      if (hasFlag(name) || setting === undefined) return flag;
      const variable = `KITE_${setting.toUpperCase().replaceAll('-', '_')}`;
      return value === undefined ? variable : `${variable}=${value}`;
    }),
  );
  const sentences = replaced.replaceAll(TWICE, '$1').split(/(?<=\.) (?=[A-Z])/);
  return sentences.filter((sentence) => foreignFlags(sentence, hasFlag).length === 0).join(' ');
}

/** Returns the flags in a hint that a command does not have, except those of other commands that it mentions. */
export function foreignFlags(hint: string, hasFlag: (name: string) => boolean): readonly string[] {
  const own = hint.replaceAll(OTHER_COMMAND, '');
  return Array.from(own.matchAll(FLAG), ([, name = '']) => name).filter((name) => !hasFlag(name));
}

function outsideOfCommands(hint: string, change: (text: string) => string): string {
  let end = 0;
  let changed = '';
  for (const match of hint.matchAll(OTHER_COMMAND)) {
    changed += change(hint.slice(end, match.index)) + match[0];
    end = match.index + match[0].length;
  }
  return changed + change(hint.slice(end));
}
