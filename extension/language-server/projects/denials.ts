import { type Diagnostic, DiagnosticSeverity, type Range } from 'vscode-languageserver';
import { PERMISSIONS, type ProcessConfig } from '../../../runtime/internal.ts';
import type { HostFunction } from '../host-api.ts';
import { PROJECT_FILE } from '../protocol.ts';
import type { ProjectFile } from './project-files.ts';

/** What tells at each place that calls of a host function are refused by what the project's file says; none if they are not. */
export function denialsOf(
  fn: HostFunction,
  file: ProjectFile | undefined,
  places: readonly Range[],
): Diagnostic[] {
  const denied = file && denialOf(fn, file);
  if (file === undefined || denied === undefined) return [];
  const { message, isGrantedBy } = denied;
  const relatedInformation = [{ location: file.placeOf(isGrantedBy), message: 'It is denied here' }];
  return places.map((range) => ({
    range,
    severity: DiagnosticSeverity.Warning,
    source: 'lunatic',
    code: 'host-permission',
    message,
    relatedInformation,
  }));
}

interface Denial {
  readonly message: string;
  isGrantedBy(config: ProcessConfig): boolean;
}

function denialOf({ module, name, needs }: HostFunction, file: ProjectFile): Denial | undefined {
  const path = `${module}::${name}`;
  const mayImport = ({ hostFunctions }: ProcessConfig): boolean => hostFunctions.permits({ module, path });
  if (!mayImport(file.config)) {
    const cause = file.optionThat(mayImport) ?? '--allow-host';
    return {
      message: `${PROJECT_FILE} does not let the program import ${path} (${cause})`,
      isGrantedBy: mayImport,
    };
  }
  if (needs === undefined) return undefined;
  const { what, option, isGrantedBy } = PERMISSIONS[needs];
  if (isGrantedBy(file.config)) return undefined;
  const cause = file.optionThat(isGrantedBy);
  const how = cause === undefined ? `: ${option} would` : ` (${cause})`;
  return { message: `${PROJECT_FILE} does not let the program ${what}${how}`, isGrantedBy };
}
