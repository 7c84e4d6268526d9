import { Command, type Help, type Option } from 'commander';

/** A command with what its help page, and docs/reference/commands.md, say besides the options. */
export class HeadwayCommand extends Command {
  example = '';
  /** When it ends with 1, as the end of a sentence. Absent: never. */
  badFinding?: string;
  /** Not on the help page, which has to fit a screen: a guide and messages lead to it. */
  aside = false;

  /** One line that can be typed as it is. */
  withExample(example: string): this {
    this.example = example;
    return this;
  }

  setAside(): this {
    this.aside = true;
    return this;
  }

  exitsWithOneWhen(badFinding: string): this {
    this.badFinding = badFinding;
    return this;
  }

  /** Commander has nothing that says which options have to be given. */
  override createHelp(): Help {
    const help = super.createHelp();
    const described = help.optionDescription.bind(help);
    help.optionDescription = (option: Option) =>
      option.mandatory && option.defaultValue === undefined
        ? `${described(option)} (required)`
        : described(option);
    return help;
  }

  /** What stands below the options. */
  footer(): string {
    const exit = this.badFinding && this.createHelp().boxWrap(`Exit code 1 when ${this.badFinding}.`, 80);
    return `\nExample:\n  ${this.example}${exit ? `\n\n${exit}` : ''}`;
  }
}
