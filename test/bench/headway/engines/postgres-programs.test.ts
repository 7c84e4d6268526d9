import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  findServerPrograms,
  installServerPrograms,
} from '../../../../bench/headway/engines/postgres-programs';
import { createLeash } from '../../../../stack/leash';
import { fakePrograms } from '../../../stack/fake-programs';
import { temporaryFolder } from '../../../stack/temporary-folder';

const folder = temporaryFolder();
const cache = () => ({ HEADWAY_CACHE_DIR: join(folder(), 'cache') });

async function install(env: NodeJS.ProcessEnv, report = jest.fn()) {
  const leash = createLeash();
  return installServerPrograms({ env, leash, report }).finally(() => leash.release());
}

/** Writes a file for each program it is asked for, as Go does. */
const go = `case $1 in
  version) echo go version go1.25.0 linux/amd64;;
  install) shift 2
    for program; do
      echo "building $program" >&2
      program=\${program%@*}; echo program > "$GOBIN/\${program##*/}"
    done;;
esac`;

it('builds server and SQL tool of one version with Go, tells so, and finds them in the cache from then on', async () => {
  const env = { ...cache(), PATH: `${fakePrograms(folder(), { go })}:/bin:/usr/bin` };
  expect(findServerPrograms(env)).toBeUndefined();
  const report = jest.fn();
  const programs = await install(env, report);
  const told = report.mock.calls.map(([detail]) => String(detail)).join('\n');
  const versions = [...told.matchAll(/temporal\.io\/server\/cmd\/(server|tools\/sql)@v([\d.]+)/g)];
  expect(versions.map(([, path]) => path)).toEqual(['server', 'tools/sql']);
  expect(new Set(versions.map(([, , version]) => version)).size).toBe(1);
  expect(existsSync(programs.server) && existsSync(programs.sqlTool)).toBe(true);
  expect(findServerPrograms(env)).toEqual(programs);
});

it('leaves nothing in the cache of a build that failed', async () => {
  const broken = go.replace('shift 2', 'echo no network; exit 1');
  const env = { ...cache(), PATH: `${fakePrograms(folder(), { go: broken })}:/bin:/usr/bin` };
  await expect(install(env)).rejects.toMatchObject({
    code: 'HW_STACK_FAILED',
    message: expect.stringContaining('no network') as string,
  });
  expect(findServerPrograms(env)).toBeUndefined();
});

it('says what to install where there is no Go', async () => {
  mkdirSync(join(folder(), 'empty'));
  await expect(install({ ...cache(), PATH: join(folder(), 'empty') })).rejects.toMatchObject({
    code: 'HW_PREREQUISITE_MISSING',
    message:
      'The engine postgres needs a full Temporal server, which is built with Go 1.25 or newer, but no go was found. ' +
      'Install Go, or measure with --engine embedded.',
  });
});
