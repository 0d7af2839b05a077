/** An export with which an SDK begins processes. */
export interface SdkEntry {
  /** Begins with it: some SDKs put their version behind it. */
  readonly name: string;
  /** The parameter that says where in the table the function is that the author has named. */
  readonly parameter: number;
  /** Whether processes that begin with it get an argument in their first message. */
  readonly takesArgument: boolean;
}

const SDK_ENTRIES: readonly SdkEntry[] = [
  { name: '_lunatic_spawn_by_index', parameter: 1, takesArgument: true },
  { name: '__lunatic_process_bootstrap_parameterized', parameter: 0, takesArgument: true },
  { name: '__lunatic_process_bootstrap', parameter: 0, takesArgument: false },
];

/** What is known of an export if an SDK begins processes with it. */
export function sdkEntry(name: string): SdkEntry | undefined {
  return SDK_ENTRIES.find((entry) => name.startsWith(entry.name));
}
