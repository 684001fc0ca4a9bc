import { envelopePrefix } from '../../../src/lib/kite/call/envelope-prefix.js';

export const callAuth = { type: 'kiteKey', key: 'header.claims.signature' };

export const callHead = `{"method":"square","arguments":[{"kite":{"name":"exp2"},"authentication":${JSON.stringify(callAuth)},"responseCallback":"[Function]","withArgs":`;

export const callRests = [
  '[4]}],"callbacks":{"7":[0,"responseCallback"]}}',
  '4}],"callbacks":{"7":["0","responseCallback"]}}',
  'null}],"callbacks":{}}',
  '[{"withArgs":[1]},"text \\" , } ]"]}],"callbacks":{"1":[0,"responseCallback"],"2":[0,"withArgs",1]}}',
  '[4]}],"links":[],"callbacks":{}}',
  ' [ 4 ] } ] , "callbacks" : { } } ',
  '[4],"extensions":["cancel"],"responseCallback":null}],"callbacks":{"7":[0,"responseCallback"]}}',
  // The rest repeats a part of the prefix with another value: the later one takes precedence.
  '[4],"authentication":null}],"callbacks":{}}',
  '[4],"kite":{"name":"other"}}],"callbacks":{}}',
  '[4]}],"method":"other","callbacks":{}}',
  '[4]}],"method":0,"callbacks":{}}',
  '[4]}],"m\\u0065thod":0,"callbacks":{}}',
  '[4]}],"arguments":[{"withArgs":[5]}],"callbacks":{}}',
  '[4]}],"arguments":[],"callbacks":{}}',
  '[4]}],"arguments":[{"a":1}],"callbacks":{}}',
  '[4]},{"b":1}],"callbacks":{}}',
  '[4],"withArgs":[5]}],"callbacks":{}}',
];

export function knownPrefix() {
  const known = envelopePrefix(callHead + callRests[0]);
  if (!known) throw new Error('no prefix');
  return known;
}
