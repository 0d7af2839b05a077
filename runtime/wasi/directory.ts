import type { HostDirectory } from '../permissions/host-directory.ts';
import { Descriptor, FileType } from './descriptor.ts';
import { DirectoryReader } from './directory-reader.ts';
import { DIRECTORY_RIGHTS } from './rights.ts';

/** An open directory. */
export class DirectoryDescriptor extends Descriptor {
  readonly fileType = FileType.Directory;
  readonly directory: HostDirectory;
  /** The guest's path of a preopened directory, which belongs to the config; undefined for any other. */
  readonly preopenedAs: string | undefined;
  #reader: DirectoryReader | null = null;

  /** @param directory closed together with this descriptor, unless it is preopened */
  constructor(directory: HostDirectory, rights: number, inheriting: number, preopenedAs?: string) {
    super(rights & DIRECTORY_RIGHTS, inheriting, 0);
    this.directory = directory;
    this.preopenedAs = preopenedAs;
  }

  /** Lists the directory. */
  get reader(): DirectoryReader {
    this.#reader ??= new DirectoryReader(this.directory);
    return this.#reader;
  }

  override close(): void {
    this.#reader?.close();
    if (this.preopenedAs === undefined) this.directory.close();
  }
}
