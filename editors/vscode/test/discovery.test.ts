import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findProgram, findServer, type Surroundings } from '../src/discovery';

/** A machine on which these programs exist, and nothing else is set. */
function machine(programs: string[], more: Partial<Surroundings> = {}): Surroundings {
  return {
    configured: '',
    folder: '/src/shop',
    folders: ['/src/shop', '/src/other'],
    trusted: true,
    interpreter: undefined,
    platform: 'linux',
    home: '/home/ann',
    variables: { PATH: '/usr/local/bin:/usr/bin' },
    isProgram: (file) => Promise.resolve(programs.includes(file)),
    ...more,
  };
}

async function found(around: Surroundings): Promise<string> {
  const server = await findServer(around);
  return server.kind === 'missing' ? 'missing' : `${server.kind} ${server.program}`;
}

const CHOSEN = '/envs/shop/bin/sqla-lsp';
const DOT_VENV = '/src/shop/.venv/bin/sqla-lsp';
const VENV = '/src/shop/venv/bin/sqla-lsp';
const TOOL = '/home/ann/.local/bin/sqla-lsp';
const ON_PATH = '/usr/bin/sqla-lsp';

describe('the order of the search', () => {
  const interpreter = '/envs/shop/bin/python';
  const everywhere = ['/opt/sqla-lsp', CHOSEN, DOT_VENV, VENV, TOOL, ON_PATH];
  everywhere.forEach((program, at) => {
    it(`finds ${program} when nothing before it is there`, async () => {
      const configured = at === 0 ? '/opt/sqla-lsp' : '';
      assert.equal(await found(machine(everywhere.slice(at), { configured, interpreter })), `found ${program}`);
    });
  });

  it('finds nothing on an empty machine', async () => {
    assert.equal(await found(machine([])), 'missing');
  });

  it('says where the server comes from', async () => {
    const server = await findServer(machine([VENV]));
    assert.equal(server.kind === 'found' && server.origin, 'the environment venv of the workspace');
  });
});

describe('the setting', () => {
  const cases: [configured: string, program: string][] = [
    ['/opt/sqla-lsp', '/opt/sqla-lsp'],
    ['~/bin/sqla-lsp', '/home/ann/bin/sqla-lsp'],
    ['${workspaceFolder}/tools/sqla-lsp', '/src/shop/tools/sqla-lsp'],
    ['tools/sqla-lsp', '/src/shop/tools/sqla-lsp'],
    ['~other/sqla-lsp', '/src/shop/~other/sqla-lsp'],
  ];
  cases.forEach(([configured, program]) => {
    it(`understands ${configured}`, async () => {
      assert.equal(await found(machine([program], { configured })), `found ${program}`);
    });
  });

  it('is not passed over where it leads nowhere', async () => {
    assert.equal(await found(machine([DOT_VENV, ON_PATH], { configured: '/opt/gone' })), 'wrong /opt/gone');
  });
});

describe('the choice of the Python extension', () => {
  it('may be the folder of an environment', async () => {
    assert.equal(await found(machine([CHOSEN, DOT_VENV], { interpreter: '/envs/shop' })), `found ${CHOSEN}`);
  });

  it('is passed over where it is not known by its path yet', async () => {
    assert.equal(await found(machine(['sqla-lsp', 'bin/sqla-lsp', DOT_VENV], { interpreter: 'python' })), `found ${DOT_VENV}`);
  });

  it('is passed over where it has no server', async () => {
    assert.equal(await found(machine([DOT_VENV], { interpreter: '/envs/shop/bin/python' })), `found ${DOT_VENV}`);
  });
});

describe('a workspace without trust', () => {
  it('is not reached by a setting of the user that leads into it', async () => {
    for (const configured of ['.venv/bin/sqla-lsp', '${workspaceFolder}/.venv/bin/sqla-lsp', DOT_VENV, '../shop/.venv/bin/sqla-lsp']) {
      assert.equal(await found(machine([DOT_VENV, TOOL], { trusted: false, configured })), `found ${TOOL}`);
      assert.equal(await found(machine([DOT_VENV, TOOL], { configured })), `found ${DOT_VENV}`);
    }
  });

  it('leaves other settings of the user as they are', async () => {
    assert.equal(await found(machine(['/opt/sqla-lsp', TOOL], { trusted: false, configured: '/opt/sqla-lsp' })), 'found /opt/sqla-lsp');
  });

  it('runs nothing of its own', async () => {
    const around = machine([CHOSEN, DOT_VENV, VENV, TOOL], { trusted: false, interpreter: '/envs/shop/bin/python' });
    assert.equal(await found(around), `found ${TOOL}`);
  });

  it('is not found by way of the PATH either', async () => {
    const variables = { PATH: '/src/shop/.venv/bin:/src/shop-tools:/usr/bin' };
    assert.equal(await found(machine([DOT_VENV, ON_PATH], { trusted: false, variables })), `found ${ON_PATH}`);
    assert.equal(await found(machine([DOT_VENV], { trusted: false, variables })), 'missing');
    const other = { PATH: '/src/other/.venv/bin:/src/other/..bin:/usr/bin' }; // a second folder of the window
    const programs = ['/src/other/.venv/bin/sqla-lsp', '/src/other/..bin/sqla-lsp', ON_PATH];
    assert.equal(await found(machine(programs, { trusted: false, variables: other })), `found ${ON_PATH}`);
    const beside = machine(['/src/shop-tools/sqla-lsp'], { trusted: false, variables });
    assert.equal(await found(beside), 'found /src/shop-tools/sqla-lsp');
  });
});

describe('tools', () => {
  (['UV_TOOL_BIN_DIR', 'XDG_BIN_HOME', 'PIPX_BIN_DIR'] as const).forEach((name) => {
    it(`are looked for in ${name}`, async () => {
      assert.equal(await found(machine(['/tools/sqla-lsp', TOOL], { variables: { [name]: '/tools' } })), 'found /tools/sqla-lsp');
    });
  });

  it('are not looked for in relative folders', async () => {
    assert.equal(await found(machine(['bin/sqla-lsp'], { variables: { PATH: 'bin:', UV_TOOL_BIN_DIR: 'bin' } })), 'missing');
  });

  it('are also what installs the server', async () => {
    assert.equal(await findProgram('uv', machine(['/home/ann/.local/bin/uv'])), '/home/ann/.local/bin/uv');
    assert.equal(await findProgram('uv', machine(['/usr/bin/uv', '/home/ann/.local/bin/uv'])), '/usr/bin/uv');
    assert.equal(await findProgram('uv', machine([])), undefined);
  });
});

describe('Windows', () => {
  const windows = { platform: 'win32', folder: 'C:\\shop', folders: ['C:\\shop'], home: 'C:\\Users\\ann' } as const;

  it('has other folders and names', async () => {
    assert.equal(await found(machine(['C:\\shop\\.venv\\Scripts\\sqla-lsp.exe'], windows)), 'found C:\\shop\\.venv\\Scripts\\sqla-lsp.exe');
  });

  it('has folders with spaces in their names', async () => {
    const around = { ...windows, folder: 'C:\\My Shops\\the shop' };
    const program = 'C:\\My Shops\\the shop\\.venv\\Scripts\\sqla-lsp.exe';
    assert.equal(await found(machine([program], around)), `found ${program}`);
    assert.equal(await found(machine([program], { ...around, configured: '${workspaceFolder}\\.venv\\Scripts\\sqla-lsp.exe' })), `found ${program}`);
  });

  it('has another separator on the PATH', async () => {
    const around = { ...windows, variables: { Path: 'C:\\Windows;D:\\tools' } };
    assert.equal(await found(machine(['D:\\tools\\sqla-lsp.exe'], around)), 'found D:\\tools\\sqla-lsp.exe');
  });

  it('has an interpreter beside the folder of programs', async () => {
    const around = { ...windows, interpreter: 'D:\\envs\\shop\\python.exe' };
    const program = 'D:\\envs\\shop\\Scripts\\sqla-lsp.exe';
    assert.equal(await found(machine([program], around)), `found ${program}`);
  });
});
