import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { messageOf } from '../contracts/errors';
import { bundlePath, workflowsPath } from './bundle-path';

/** Builds the workflow bundle (`npm run build`). Does nothing when neither the compiled workflows nor the SDK have changed. */
async function main(): Promise<void> {
  const fingerprint = fingerprintOf([
    join(workflowsPath, '..'),
    join(workflowsPath, '..', '..', 'contracts'),
  ]);
  if (currentFingerprint() === fingerprint) return;
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: quiet });
  writeFileSync(bundlePath, `// ${fingerprint}\n${code}`);
}

function fingerprintOf(folders: string[]): string {
  const hash = createHash('sha256').update(sdkVersion());
  for (const folder of folders) {
    for (const file of readdirSync(folder).sort()) {
      if (file.endsWith('.js')) hash.update(file).update(readFileSync(join(folder, file)));
    }
  }
  return hash.digest('hex');
}

function sdkVersion(): string {
  // The bundle must be built by the very version that runs it.
  return readFileSync(require.resolve('@temporalio/worker/package.json'), 'utf8');
}

function currentFingerprint(): string | undefined {
  try {
    return /^\/\/ ([0-9a-f]{64})\n/.exec(readFileSync(bundlePath, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

const silent = () => undefined;
const say = (text: string) => void process.stderr.write(`${text}\n`);
const quiet = { log: silent, trace: silent, debug: silent, info: silent, warn: say, error: say };

main().catch((error: unknown) => {
  say(`The workflow bundle could not be built: ${messageOf(error)}`);
  process.exitCode = 1;
});
