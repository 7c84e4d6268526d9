import { environmentSchema, variableGroups, type VariableFacts, type VariableName } from './environment';

export interface VariableDescription extends VariableFacts {
  name: VariableName;
  group: string;
}

/** Every variable, in the order of the documentation. */
export function describeConfig(): VariableDescription[] {
  return Object.entries(variableGroups).flatMap(([group, variables]) =>
    (Object.keys(variables) as VariableName[]).map((name) => ({
      name,
      group,
      ...(environmentSchema.shape[name].meta() as unknown as VariableFacts),
    })),
  );
}

/** The tables of docs/reference/configuration.md. */
export function configTables(): string {
  const described = describeConfig();
  return Object.keys(variableGroups)
    .map((group) => {
      const rows = described.filter((variable) => variable.group === group).map(row);
      return [
        `### ${group}`,
        '',
        '| variable | what it is | value | when not set |',
        '|---|---|---|---|',
        ...rows,
      ];
    })
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

function row({ name, about, must, otherwise, secret }: VariableDescription): string {
  const value = secret ? `${must} (secret)` : must;
  return `| \`${name}\` | ${about} | ${value} | ${otherwise} |`;
}
