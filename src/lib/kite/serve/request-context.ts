/**
 * What middleware passes on to the handlers of a call, in `request.context`. Empty at first. Declare the properties of a program
 * once, as optional unless middleware always sets them:
 *
 * @example
 *     declare module 'kitectl' {
 *       interface RequestContext {
 *         account?: Account;
 *       }
 *     }
 */
// oxlint-disable-next-line typescript/no-empty-object-type, typescript/no-empty-interface -- programs add properties
export interface RequestContext {}
