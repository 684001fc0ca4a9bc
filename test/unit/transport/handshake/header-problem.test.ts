import { describe, expect, it } from 'vitest';
import { headerProblem } from '../../../../src/lib/transport/handshake/header-problem.js';

describe('the headers of requests', () => {
  it.each([
    ['Authorization', 'Bearer hunter2'],
    ['x-a', ''],
    ['Cookie', 'a=1; b=2'],
    ['X-Name', 'M\u00fcller\t1'],
  ])('the header %s with the value %j can be sent', (name, value) => {
    expect(headerProblem(name, value)).toBeUndefined();
  });

  it.each([
    ['X A', 'hunter2', 'is not the name of a header'],
    ['', 'hunter2', 'is not the name of a header'],
    ['X-A\r\nX-B', 'hunter2', 'is not the name of a header'],
    ['X-A', 'hunter2\r\nX-B: 1', 'has a line break'],
    ['X-A', 'hunter2\n', 'has a line break'],
    ['X-A', 'hunter2\0', 'has a character that headers cannot contain'],
    ['X-A', 'hunter2 \u20ac', 'has a character that headers cannot contain'],
    ['X-A', 4, 'is not a string'],
    ['Host', 'hunter2', 'is set by each request itself'],
    ['connection', 'hunter2', 'is set by each request itself'],
    ['Content-Length', 'hunter2', 'is set by each request itself'],
    ['Sec-WebSocket-Key', 'hunter2', 'is set by each request itself'],
    ['TRANSFER-ENCODING', 'hunter2', 'is set by each request itself'],
    ['upgrade', 'hunter2', 'is set by each request itself'],
  ])('the header %j with the value %j is rejected without its value', (name, value, reason) => {
    const problem = headerProblem(name, value);
    expect(problem).toContain(reason);
    expect(problem).not.toContain('hunter2');
  });
});
