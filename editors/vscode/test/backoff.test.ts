import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Backoff } from '../src/backoff';

const MINUTES = 60_000;

describe('a server that dies', () => {
  it('is started again, each time later, and not after the fifth time', () => {
    const backoff = new Backoff();
    assert.deepEqual([1, 2, 3, 4, 5, 6].map(() => backoff.died(10)), [500, 1000, 2000, 4000, undefined, undefined]);
  });

  it('begins anew when it has lived for a while', () => {
    const backoff = new Backoff();
    assert.deepEqual([10, 10, 10, 10, 4 * MINUTES, 10].map((lived) => backoff.died(lived)), [500, 1000, 2000, 4000, 500, 1000]);
  });
});
