/** The signals that end a command, with the exit code of a command that ends so: 128 and the number of the signal. */
export const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGQUIT: 131, SIGTERM: 143 } as const;
