/** A project's file that cannot be read, or cannot be made: the message names it and says what is wrong. */
export class ProjectFileError extends Error {
  override readonly name = 'ProjectFileError';
  readonly code = 'LUNATIC_PROJECT_FILE';
}
