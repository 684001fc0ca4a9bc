import { boolean } from '@oclif/core/flags';

/** The flag of every command that cannot be undone. */
export const yesFlag = boolean({ default: false, char: 'y', summary: 'Skip the confirmation.' });
