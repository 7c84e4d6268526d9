import { errorCodes, HeadwayError, messageOf } from '../../contracts/errors';
import { withDocsOfHere } from '../../runtime/in-user-terms';
import { redact } from '../../runtime/redact';
import { within } from '../../runtime/within';

/** What one check found. `skipped`: something it needs was wrong already. */
export interface Finding {
  name: string;
  state: 'ok' | 'warning' | 'wrong' | 'skipped';
  found: string;
  /** What to do about it. */
  todo?: string;
}

export type Verdict = Omit<Finding, 'name'>;

/** Longest time for one check, in milliseconds: a person waits. */
export const CHECK_MS = 8_000;

export const ok = (found: string): Verdict => ({ state: 'ok', found });
export const warning = (found: string, todo: string): Verdict => ({ state: 'warning', found, todo });
export const wrong = (found: string, todo: string): Verdict => ({ state: 'wrong', found, todo });

/**
 * Runs one check. Never throws: what it throws is wrong, and so is what takes too long. What servers and libraries say may quote an address with its password, which is
 * left out.
 */
export async function runCheck(name: string, check: () => Promise<Verdict>, ms = CHECK_MS): Promise<Finding> {
  const tooLong = () =>
    wrong(`no answer within ${ms / 1_000} s`, 'See whether it runs, and whether the address is right.');
  try {
    return { name, ...withoutSecrets(await within(ms, check(), tooLong)) };
  } catch (error) {
    const todo =
      error instanceof HeadwayError
        ? withDocsOfHere(errorCodes[error.code].action)
        : 'See what the message says.';
    return { name, ...withoutSecrets(wrong(messageOf(error), todo)) };
  }
}

function withoutSecrets({ state, found, todo }: Verdict): Verdict {
  return { state, found: redact(found), ...(todo !== undefined && { todo: redact(todo) }) };
}

/** Checks that cannot be made, as `needs` does not work. */
export function skipped(names: readonly string[], needs: string): Finding[] {
  return names.map((name) => ({ name, state: 'skipped', found: `not checked, as ${needs} does not work` }));
}
