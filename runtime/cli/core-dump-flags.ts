/** What a command line says about core dumps. */
export interface CoreDumpFlags {
  /** The folder for dumps of processes that trap; empty for the default one, undefined for none. */
  readonly coreDump?: string;
  /** The most dumps that are written. */
  readonly coreDumpLimit?: number;
  /** The most mebibytes of memory in a dump. */
  readonly coreDumpSize?: number;
  /** Whether the program runs at full speed, without keeping the locals of its calls. */
  readonly coreDumpFast?: boolean;
}

/** How many dumps are written, and of how many mebibytes of memory, if the command line does not say. */
export const DEFAULT_LIMIT = 10;
export const DEFAULT_SIZE = 256;
