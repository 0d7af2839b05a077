/** Whether a program or a test has run, so that V8 has compiled what that takes. */
export let hasRun = false;

export function noteRun(): void {
  hasRun = true;
}
