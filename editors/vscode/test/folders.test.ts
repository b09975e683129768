import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inside, outermost } from '../src/folders';

describe('folders that get a server', () => {
  it('are those that lie in no other', () => {
    assert.deepEqual(outermost(['/a', '/a/b', '/ab', '/c/d']), ['/a', '/ab', '/c/d']);
    assert.deepEqual(outermost(['/a/b', '/a']), ['/a']);
    assert.deepEqual(outermost(['/', '/a']), ['/']);
    assert.deepEqual(outermost([]), []);
  });
});

describe('the pattern of a folder', () => {
  it('takes its name as it is', () => {
    assert.equal(inside('/work/shop'), '/work/shop/**/*');
    assert.equal(inside('C:/shop/'), 'C:/shop/**/*');
    assert.equal(inside('/work/[old] {1}?*'), '/work/[[]old[]] [{]1[}][?][*]/**/*');
  });
});
