import { commandFor } from '../in-user-terms';
import { environmentSchema, type VariableFacts, type VariableName } from './environment';

/** Collects what is wrong with the configuration, so that a user sees all of it at once. */
export class ConfigProblems {
  private readonly sentences = new Map<string, string>();

  get none(): boolean {
    return this.sentences.size === 0;
  }

  /** `problem` continues the sentence that begins with the name. Only the first one of a variable is kept. */
  add(name: VariableName | 'KAFKA_FROM_BEGINNING', problem: string): void {
    if (!this.sentences.has(name)) this.sentences.set(name, `${name} ${problem}.`);
  }

  /** An address that is neither given nor known from a local stack. Returns a stand-in, so that reading goes on. */
  missing(name: VariableName): string {
    const { must } = environmentSchema.shape[name].meta() as unknown as VariableFacts;
    this.add(
      name,
      `is not set and no local stack offers it: set it to ${must}, or run \`${commandFor('stack')}\` in another terminal in this folder ` +
        '(HEADWAY_STACK_FILE names the state file of one that runs elsewhere)',
    );
    return '';
  }

  /** One line for each variable. */
  toString(): string {
    return [...this.sentences.values()].join('\n');
  }
}
