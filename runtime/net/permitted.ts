import { hostDescriptors } from '../permissions/host-descriptors.ts';

/**
 * Returns whether a guest may have the descriptor of a socket; otherwise it must be closed. Many sockets may be asked for
 * before the system makes the first, so each is looked at once it is there. Node tells its descriptor, although its types do not.
 */
export function isPermitted(socket: object): boolean {
  const { _handle: handle } = socket as { _handle?: { readonly fd?: unknown } | null };
  return typeof handle?.fd !== 'number' || hostDescriptors.permits(handle.fd);
}
