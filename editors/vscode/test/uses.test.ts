import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { ENVIRONMENTS, imports, names, NAMES, TEXTS } from '../src/uses';

describe('a file that says what a project uses', () => {
  const cases: [text: string, says: boolean][] = [
    ['dependencies = ["sqlalchemy[asyncio]>=2"]', true],
    ['SQLAlchemy==1.4.54\n', true],
    ['marshmallow-sqlalchemy\n', true],
    ['Flask-Migrate>=4\n', true],
    ['sqlmodel\n', true],
    ['from alembic import context\n', true],
    ['[tool.sqla-lsp]\n', true],
    ['dependencies = ["django>=5", "psycopg"]', false],
    ['alembics, nalembic', false],
    ['', false],
  ];
  cases.forEach(([text, says]) => {
    it(`${says ? 'is' : 'is not'} ${JSON.stringify(text)}`, () => {
      assert.equal(names(text), says);
    });
  });
});

describe('code that uses it', () => {
  const cases: [code: string, says: boolean][] = [
    ['import os\nimport sqlalchemy as sa\n', true],
    ['try:\n    from alembic import op\nexcept ImportError: ...', true],
    ['from sqlalchemy.orm import Mapped', true],
    ['from sqlmodel import SQLModel', true],
    ['import sqlalchemy_utils', false],
    ['text = "import sqlalchemy"', false],
    ['# from sqlalchemy import text', false],
  ];
  cases.forEach(([code, says]) => {
    it(`${says ? 'is' : 'is not'} ${JSON.stringify(code)}`, () => {
      assert.equal(imports(code), says);
    });
  });
});

describe('the extension', () => {
  it('is woken by all that may say it, and by nothing else', () => {
    const { activationEvents } = JSON.parse(readFileSync('package.json', 'utf8')) as { activationEvents: string[] };
    const files = [...[...NAMES, ...TEXTS].map((name) => `**/${name}`), ...ENVIRONMENTS.map((name) => `${name}/pyvenv.cfg`)];
    assert.deepEqual(activationEvents, files.map((file) => `workspaceContains:${file}`));
  });
});
