/** Addresses of pages in Temporal UI, for a person to open. */
export interface TemporalUi {
  workflows: string;
  /** @param query a visibility query, such as `HeadwayJobIds="brief-slow"` */
  search(query: string): string;
}

/** @param base undefined when the Temporal server is not the demo's own, since nothing tells where its UI is */
export function temporalUi(base: string | undefined, namespace: string): TemporalUi {
  const root = base ?? '<your Temporal UI>';
  const workflows = `${root}/namespaces/${encodeURIComponent(namespace)}/workflows`;
  return { workflows, search: (query) => `${workflows}?query=${encodeURIComponent(query)}` };
}
