import { boolean } from '@oclif/core/flags';

/** The flag of commands that ask for confirmation. */
export const yesFlag = boolean({ default: false, char: 'y', summary: 'Skip the confirmation.' });
