import { withDocsOfHere } from '../../runtime/in-user-terms';

/** Where it is said what to do. */
const guide = () => withDocsOfHere('docs/guides/change-a-pipeline.md');

/** What a replay found wrong, which history, and what to do. */
export function explainReplayError(name: string, error: Error): string {
  const reason = reasonIn(error.message);
  if (/externally stored payload|PAYLOAD_STORE/.test(reason)) {
    return `History ${name} cannot be judged here: ${reason}. Its payloads lie in a payload store: set PAYLOAD_STORE as the workers have it.`;
  }
  if (reason.includes('PAYLOAD_KEYS')) {
    return `History ${name} cannot be judged here: ${reason}. It has confidential jobs in it: set PAYLOAD_KEYS as the workers have it.`;
  }
  return `History ${name} does not replay on this build: ${reason}. A workflow that has come as far as this one would stand still after the deployment. Put the change behind patched(), or deploy it as a new worker version (HEADWAY_BUILD_ID), so that what has begun ends on the old one: ${guide()}`;
}

/**
 * The SDK wraps its reason: "... Details: [TMPRL1100] Nondeterminism error: <reason>", or for code that throws "... Details: ... Failure { message:
 * "<reason>", ...".
 */
function reasonIn(message: string): string {
  const details = message.split('Details: ').at(-1)!;
  const thrown = /\bmessage: \\?"(.*?)\\?", source:/s.exec(details)?.[1];
  if (thrown !== undefined) return `its code throws "${firstLine(thrown).replace(/\.$/, '')}"`;
  return firstLine(details.replace(/^.*?Nondeterminism error: /s, '')).replace(/[."\s)]+$/, '');
}

function firstLine(text: string): string {
  return text
    .trim()
    .split(/\n|\\n/)[0]!
    .slice(0, 300);
}
