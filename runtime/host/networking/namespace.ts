import { Namespace } from '../../hostcall/function.ts';

/** `lunatic::networking` (abi 8): DNS, TCP, TLS and UDP. */
export const networking = new Namespace('lunatic::networking');
