import { explainReplayError } from '../../../workers/replay/explain-replay-error';

const wrapped = (details: string) =>
  new Error(`Replay failed with an error. This means a lot. Details: ${details}`);

test('says what does not fit, and what to do', () => {
  const error = wrapped("[TMPRL1100] Nondeterminism error: Activity type 'a' does not match 'b'");
  expect(explainReplayError('monday', error)).toMatch(
    /^History monday does not replay on this build: Activity type 'a' does not match 'b'\. A workflow .*patched\(\).*HEADWAY_BUILD_ID.*change-a-pipeline\.md$/,
  );
});

test('says what the code throws, without its stack', () => {
  const details =
    'Workflow activation completion failed: Failure { failure: Some(Failure { message: "No such job\\n at pack.ts", source: "TypeScriptSDK", stack_trace: "..." }) }';
  expect(explainReplayError('monday', wrapped(details))).toContain(
    'its code throws "No such job". A workflow',
  );
});

test('does not blame the code where payloads cannot be read', () => {
  const details =
    'Failure { message: "[TMPRL1105] Detected externally stored payload(s) but external storage is not configured.", source: "TypeScriptSDK" }';
  const said = explainReplayError('monday', wrapped(details));
  expect(said).toMatch(/^History monday cannot be judged here: .*set PAYLOAD_STORE/);
  expect(said).not.toContain('patched()');
});

test('does not blame the code where the key of confidential jobs is missing', () => {
  const details =
    'Failure { message: "this is encrypted with the key \\"one\\", and PAYLOAD_KEYS is not set here", source: "TypeScriptSDK" }';
  const said = explainReplayError('monday', wrapped(details));
  expect(said).toMatch(/^History monday cannot be judged here: .*set PAYLOAD_KEYS as the workers/);
  expect(said).not.toContain('patched()');
});
