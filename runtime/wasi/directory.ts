import type { Account } from '../kernel/account.ts';
import type { HostDirectory } from '../permissions/host-directory.ts';
import { Descriptor, FileType } from './descriptor.ts';
import { DirectoryReader } from './directory-reader.ts';
import { DIRECTORY_RIGHTS } from './rights.ts';

/** What a listing takes: the system's buffer, and the entries that are kept with names as long as can be. */
const LISTING_COST = 144 * 1024;

/** An open directory. */
export class DirectoryDescriptor extends Descriptor {
  readonly fileType = FileType.Directory;
  readonly directory: HostDirectory;
  /** The guest's path of a preopened directory, which belongs to the config; undefined for any other. */
  readonly preopenedAs: string | undefined;
  #reader: DirectoryReader | null = null;
  /** Has been charged for the reader. */
  #payer: Account | null = null;

  /** @param directory closed together with this descriptor, unless it is preopened */
  constructor(directory: HostDirectory, rights: number, inheriting: number, preopenedAs?: string) {
    super(rights & DIRECTORY_RIGHTS, inheriting, 0);
    this.directory = directory;
    this.preopenedAs = preopenedAs;
  }

  /** Lists the directory, for a process that pays for that until it closes the directory. Traps if that exceeds a limit. */
  readerFor(account: Account): DirectoryReader {
    if (this.#payer === null) {
      account.charge(LISTING_COST);
      this.#payer = account;
    }
    this.#reader ??= new DirectoryReader(this.directory);
    return this.#reader;
  }

  override close(): void {
    this.#reader?.close();
    this.#payer?.release(LISTING_COST);
    if (this.preopenedAs === undefined) this.directory.close();
  }
}
