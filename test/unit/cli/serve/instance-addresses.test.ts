import { describe, expect, it } from 'vitest';
import { instanceAddresses } from '../../../../src/lib/cli/serve/instance-addresses.js';

describe('the addresses of instances', () => {
  it.each([
    ['a fixed port', 3636, undefined, [3636, 3637, 3638], undefined],
    ['free ports', 0, undefined, [0, 0, 0], undefined],
    ['a URL', 3636, 'http://10.0.0.9:8000/math', [3636, 3637, 3638], ['8000/math', '8001/math', '8002/math']],
    ['a URL in front of free ports', 0, 'https://a:8443/', [0, 0, 0], ['8443/', '8444/', '8445/']],
  ])('each instance has its own address with %s', (_what, port, advertise, ports, urls) => {
    const addressOf = instanceAddresses(port, advertise, 3);
    const addresses = [1, 2, 3].map(addressOf);
    expect(addresses.map((address) => address.port)).toEqual(ports);
    const expected = urls?.map((url) => `${advertise?.replace(/\d+\/\w*$/, '')}${url}`);
    expect(addresses.map((address) => address.advertise)).toEqual(
      expected ?? [undefined, undefined, undefined],
    );
  });

  it('a URL without a port is registered by a single instance as it is', () => {
    expect(instanceAddresses(0, 'https://math.example.com', 1)(1)).toEqual({
      port: 0,
      advertise: 'https://math.example.com',
    });
  });

  it.each([
    [3636, 'https://math.example.com', 'names one address, but each of the 2 instances needs its own'],
    [65_535, undefined, '2 instances need the ports 65535 to 65536, but 65535 is the last one'],
    [0, 'http://a:65535/', '2 instances need the ports 65535 to 65536'],
  ])('addresses that do not suffice for all instances are refused (%i, %s)', (port, advertise, message) => {
    expect(() => instanceAddresses(port, advertise, 2)).toThrow(message);
  });
});
