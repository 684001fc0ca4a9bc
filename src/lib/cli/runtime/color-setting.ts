import type { AcceptedValue } from '../../kite/config/accepted-value.js';
import { constantWhenSet } from '../../kite/config/accepted-values.js';

/** When to use colors; `auto` means on terminals. */
export type ColorChoice = 'auto' | 'always' | 'never';

const CHOICES: readonly ColorChoice[] = ['auto', 'always', 'never'];

const COLOR = {
  description: `one of ${CHOICES.join(', ')}`,
  example: 'always',
  choices: CHOICES,
  parse: (value) => CHOICES.find((choice) => choice === value),
} as const satisfies AcceptedValue<ColorChoice>;

/** `0` and `false` disable colors, and any other value enables them. */
const FORCE_COLOR: AcceptedValue<ColorChoice> = {
  description: 'any value',
  example: '1',
  parse: (value) => (value === '0' || value === 'false' ? 'never' : 'always'),
};

/** The setting for colored output. */
export const colorSetting = {
  name: 'color',
  summary: 'Use colors on terminals (auto), always or never.',
  variables: [
    { name: 'FORCE_COLOR', accept: FORCE_COLOR },
    { name: 'NO_COLOR', accept: constantWhenSet<ColorChoice>('never') },
  ],
  accept: COLOR,
  default: 'auto',
} as const;
