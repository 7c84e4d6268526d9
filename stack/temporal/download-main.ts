import { TestWorkflowEnvironment } from '@temporalio/testing';

/** `download-main FOLDER VERSION`: leaves the program `temporal-VERSION` in the folder. Exit status 1 when it cannot. */
async function main(): Promise<void> {
  const [downloadDir, version] = process.argv.slice(2);
  const executable = { type: 'cached-download', downloadDir, version } as const;
  const environment = await TestWorkflowEnvironment.createLocal({ server: { executable } });
  await environment.teardown();
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
