import type { AcceptedValue } from '../../kite/config/accepted-value.js';
import { constantWhenSet } from '../../kite/config/accepted-values.js';

/** What the person said about colours. */
export type ColorChoice = 'auto' | 'always' | 'never';

const CHOICES: readonly ColorChoice[] = ['auto', 'always', 'never'];

const COLOR = {
  description: `one of ${CHOICES.join(', ')}`,
  example: 'always',
  choices: CHOICES,
  parse: (value) => CHOICES.find((choice) => choice === value),
} as const satisfies AcceptedValue<ColorChoice>;

/** `0` and `false` switch colours off, and everything else switches them on. */
const FORCE_COLOR: AcceptedValue<ColorChoice> = {
  description: 'set, or not',
  example: '1',
  parse: (value) => (value === '0' || value === 'false' ? 'never' : 'always'),
};

/** Whether the output has colours. */
export const colorSetting = {
  name: 'color',
  summary: 'Colours: on terminals (auto), always or never.',
  variables: [
    { name: 'FORCE_COLOR', accept: FORCE_COLOR },
    { name: 'NO_COLOR', accept: constantWhenSet<ColorChoice>('never') },
  ],
  accept: COLOR,
  default: 'auto',
} as const;
