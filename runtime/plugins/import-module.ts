/**
 * Imports a module that is not part of the command. The launcher does it for the command's scripts: scripts can import only by
 * what is experimental in Node.
 * @param url of the module, or its path relative to the launcher
 */
export function importModule(url: string): Promise<unknown> {
  return import(url);
}
