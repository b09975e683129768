// Does with the packed extension what a user does: opens a migration, sees the finding, reads the hover and the SQL behind the code
// lens, applies the quick fix from the menu, sees the new revision where the fix adds one, saves. Pictures of it go to SHOTS.
// usage: node vscode-workbench.mjs CODE_SERVER EXTENSION VSIX ROOT WORKSPACE FILE TITLE SHOTS [REVISION]
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { session, until } from './vscode-session.mjs';

const [codeServer, extension, vsix, root, workspace, file, title, shots, revision] = process.argv.slice(2);
const begun = Date.now();
const say = (what) => console.log(`${((Date.now() - begun) / 1000).toFixed(1)} s: ${what}`);
const before = readFileSync(file, 'utf8');
mkdirSync(shots, { recursive: true });

const { page, end } = await session({
  codeServer, extension, root, workspace,
  setUp: (command) => execFileSync(process.execPath, [...command, '--install-extension', vsix], { stdio: 'pipe' }),
  payload: (remote) => [['openFile', remote(file)]],
});
const shoot = (name) => page.screenshot({ path: join(shots, `${name}.png`) });
let code = 1;
try {
  await page.locator('.editor-instance .view-lines').waitFor();
  await page.locator('.squiggly-warning').first().waitFor();
  say('the finding is underlined');

  const lenses = page.locator('.codelens-decoration a');
  await lenses.filter({ hasText: 'transaction' }).first().waitFor();
  say(`lenses: ${(await lenses.allInnerTexts()).join(' | ')}`);
  if (revision === undefined) await page.keyboard.press('Control+B'); // more room for the text
  await page.locator('.squiggly-warning').first().hover({ force: true }); // the text lies over it
  const hover = page.locator('.monaco-hover', { hasText: 'CREATE INDEX' }).first();
  await hover.waitFor();
  say(`hover: ${(await hover.innerText()).replace(/\s+/g, ' ')}`);
  await shoot('hover');
  await page.keyboard.press('Escape');

  await page.keyboard.press('Control+Shift+M');
  const finding = page.locator('.markers-panel .monaco-list-row', { hasText: 'takes a SHARE lock' }).first();
  await finding.waitFor();
  say(`in the list of problems: ${(await finding.innerText()).replace(/\s+/g, ' ')}`);

  await finding.click();
  await page.keyboard.press('Enter');
  await page.locator('.squiggly-warning').first().waitFor(); // it is scrolled to
  await shoot('finding');
  await page.keyboard.press('Control+.');
  const actions = page.locator('.action-widget .monaco-list-row.action');
  await actions.filter({ hasText: title }).first().waitFor();
  const titles = (await actions.allInnerTexts()).map((text) => text.trim());
  say(`offered: ${titles.join(' | ')}`);
  await shoot('fixes');

  const steps = titles.indexOf(title);
  if (steps < 0) throw new Error(`${title} is not offered`);
  for (let step = 0; step < steps; step += 1) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  const text = page.locator('.editor-instance .view-lines').first();
  if (revision === undefined) {
    await until('the fix', async () => (await text.innerText()).includes('postgresql_concurrently'));
  } else {
    await page.locator('.explorer-folders-view .monaco-list-row', { hasText: basename(revision) }).waitFor();
    say('the new revision is in the explorer');
    await page.keyboard.press('F1');
    await page.keyboard.type('File: Save All Files');
    await page.keyboard.press('Enter');
    await until('the new revision', () => existsSync(revision) && readFileSync(revision, 'utf8').includes('postgresql_concurrently'));
  }
  await page.keyboard.press('Control+S');
  await until('the file to be saved', () => readFileSync(file, 'utf8') !== before);
  say('saved');
  await page.locator('.squiggly-warning').waitFor({ state: 'detached' });
  if (revision === undefined) await lenses.filter({ hasText: 'in autocommit' }).first().waitFor();
  await page.keyboard.press('Home');
  await shoot('fixed');

  await page.keyboard.press('Control+J'); // the list of problems makes way
  await page.keyboard.press('Control+Home');
  await lenses.filter({ hasText: /^SQL$/ }).first().click();
  const sql = page.locator('.editor-instance .view-lines').nth(1);
  await until('the SQL', async () => /(?:CREATE INDEX|COMMENT ON)/.test((await sql.innerText()).replace(/\s/g, ' ')));
  say('the SQL is shown beside it');
  await shoot('sql');

  await page.setViewportSize({ width: 1080, height: 2000 }); // what does not fit into a list is not there
  await page.keyboard.press('F1');
  await page.keyboard.type('Developer: Show Running Extensions');
  await page.keyboard.press('Enter');
  const row = page.locator('.runtime-extensions-editor .monaco-list-row', { hasText: 'sqla-lsp' });
  await row.waitFor();
  const activation = /(?:Activation|Startup Activation): (\d+)ms/.exec(await row.innerText());
  if (activation === null) throw new Error(`no activation time in ${await row.innerText()}`);
  say(`activation took ${activation[1]} ms`);
  if (Number(activation[1]) >= 50) throw new Error('activation takes 50 ms or more');
  code = 0;
} catch (error) {
  console.error(error);
  await shoot('failure');
} finally {
  await end();
}
process.exit(code);
