/** Where children of a process begin. */
export const Where = {
  /** Beside their parent, unless another scheduler has nothing to do. */
  Usual: 0,
  /** Beside their parent. */
  Beside: 1,
  /** On another scheduler than their parent, if there can be one. */
  Apart: 2,
} as const;
export type Where = (typeof Where)[keyof typeof Where];
