import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createLeash } from '../../stack/leash';
import { findTemporal, installTemporal } from '../../stack/temporal/find-binary';
import { fakePrograms } from './fake-programs';
import { temporaryFolder } from './temporary-folder';

const folder = temporaryFolder();
const temporal = (server: string) => `echo 'temporal version 1.5.1 (Server ${server}, UI 2.42.1)'`;
/** The SDK's downloader goes through the proxy, and there is none: no test downloads anything. */
const offline = () => ({ HEADWAY_CACHE_DIR: join(folder(), 'cache'), HTTPS_PROXY: 'http://127.0.0.1:9' });

it('takes a recent one on PATH', async () => {
  const bin = fakePrograms(folder(), { temporal: temporal('1.29.1') });
  await expect(findTemporal({ ...offline(), PATH: bin })).resolves.toBe(join(bin, 'temporal'));
});

it('passes over one on PATH that is too old or does not run', async () => {
  const old = fakePrograms(join(folder(), 'a'), { temporal: temporal('1.22.0') });
  const broken = fakePrograms(join(folder(), 'b'), { temporal: 'exit 1' });
  await expect(findTemporal({ ...offline(), PATH: `${old}:${broken}` })).resolves.toBeUndefined();
});

it('takes the one that TEMPORAL_CLI_PATH names, or says that it cannot', async () => {
  const bin = fakePrograms(folder(), { mine: temporal('1.30.0') });
  const mine = join(bin, 'mine');
  await expect(findTemporal({ ...offline(), TEMPORAL_CLI_PATH: mine })).resolves.toBe(mine);
  await expect(findTemporal({ ...offline(), TEMPORAL_CLI_PATH: bin })).rejects.toMatchObject({
    code: 'HW_PREREQUISITE_MISSING',
    message: expect.stringContaining(bin) as string,
  });
});

it('builds one with Go when it cannot be downloaded, and finds it in the cache from then on', async () => {
  const go = `case $1 in
    version) echo go version go1.25.0 linux/amd64;;
    install) echo "go: building $3" >&2; echo '#!/bin/sh' > $GOBIN/temporal; chmod +x $GOBIN/temporal;;
  esac`;
  const env = { ...offline(), PATH: `${fakePrograms(folder(), { go })}:/bin:/usr/bin` };
  const report = jest.fn();
  const leash = createLeash();
  const program = await installTemporal({ env, leash, report }).finally(() => leash.release());
  expect(report).toHaveBeenCalledWith(expect.stringMatching(/building with Go, building .*temporal@v/));
  await expect(findTemporal(env)).resolves.toBe(program);
});

it('says what to install when there is neither a download nor Go', async () => {
  mkdirSync(join(folder(), 'empty'));
  const env = { ...offline(), PATH: join(folder(), 'empty') };
  const leash = createLeash();
  const installing = installTemporal({ env, leash, report: () => {} }).finally(() => leash.release());
  await expect(installing).rejects.toMatchObject({
    code: 'HW_PREREQUISITE_MISSING',
    message: expect.stringContaining('or set TEMPORAL_ADDRESS') as string,
  });
});
