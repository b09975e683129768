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
    assert.equal(inside('/src/shop'), '/src/shop/**/*');
    assert.equal(inside('C:/shop/'), 'C:/shop/**/*');
    assert.equal(inside('/src/[old] {1}?*'), '/src/[[]old[]] [{]1[}][?][*]/**/*');
  });
});
