import { ConfigResourceTypes, type Admin } from 'kafkajs';

/** Changes one configuration entry of a topic, and leaves the others. Returns what it was before. */
export async function configureTopic(
  admin: Admin,
  topic: string,
  name: string,
  value: string,
): Promise<string | undefined> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }],
  });
  const entries = resources[0]?.configEntries ?? [];
  // kafkajs knows only the request that replaces all of them.
  const kept = entries.filter((entry) => !entry.isDefault && entry.configName !== name);
  const configEntries = [
    ...kept.map((entry) => ({ name: entry.configName, value: entry.configValue })),
    { name, value },
  ];
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }],
  });
  return entries.find((entry) => entry.configName === name)?.configValue;
}
