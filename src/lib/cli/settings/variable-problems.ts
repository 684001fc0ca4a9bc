import {
  type Environment,
  ignoredVariables,
  resolveVariable,
  variableName,
} from '../../kite/config/resolve-setting.js';
import { allSettings } from './all-settings.js';

/** A variable of the environment with a value that is not used. */
export interface VariableProblem {
  readonly variable: string;
  /** Why, as a sentence without a secret. */
  readonly reason: string;
  /**
   * The value, if Kubernetes has set the variable for a service. Commands ignore it; any other value is an error of those that use
   * it.
   */
  readonly ignoredValue?: string;
}

/** Variables that Kubernetes sets for each service, besides the one that looks like the port of a setting. */
const OF_SERVICE = /_(?:SERVICE_(?:HOST|PORT(?:_\w+)?)|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)$/;

/** Whether Kubernetes sets a variable with this name for a service. */
export function isServiceVariable(name: string): boolean {
  return OF_SERVICE.test(name);
}

/** Returns the variables of all settings whose values are not used. */
export function variableProblems(env: Environment): readonly VariableProblem[] {
  const problems = new Map<string, VariableProblem>();
  for (const setting of allSettings) {
    for (const { variable, value, note } of ignoredVariables(setting, env)) {
      problems.set(variable, { variable, reason: note, ignoredValue: value });
    }
    for (const variable of setting.variables.map(variableName)) {
      const resolution = resolveVariable(setting, variable, env);
      if (resolution?.type === 'refused') problems.set(variable, { variable, reason: resolution.reason });
    }
  }
  return [...problems.values()];
}
