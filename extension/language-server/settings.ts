import { DiagnosticSeverity } from 'vscode-languageserver';

/** How loud a lint is. */
export type LintLevel = 'off' | 'hint' | 'warning' | 'error';

export const LINTS = ['unused', 'unreachable', 'needlessMut', 'shadow'] as const;
export type Lint = (typeof LINTS)[number];

/** What users decide, in the section `lunatic.wat` of the settings. */
export interface Settings {
  readonly inlayHints: { readonly types: boolean; readonly indices: boolean; readonly ends: boolean };
  readonly lints: Readonly<Record<Lint, LintLevel>>;
}

export const DEFAULT_SETTINGS: Settings = {
  inlayHints: { types: false, indices: false, ends: true },
  lints: { unused: 'hint', unreachable: 'hint', needlessMut: 'warning', shadow: 'warning' },
};

const SEVERITIES: Readonly<Record<LintLevel, DiagnosticSeverity | undefined>> = {
  off: undefined,
  hint: DiagnosticSeverity.Hint,
  warning: DiagnosticSeverity.Warning,
  error: DiagnosticSeverity.Error,
};

/** How a lint is displayed; undefined if it is off. */
export function severityOf(level: LintLevel): DiagnosticSeverity | undefined {
  return SEVERITIES[level];
}

/** Reads settings that a client has sent. What is missing or wrong is as by default. */
export function readSettings(sent: unknown): Settings {
  const { inlayHints, lints } = DEFAULT_SETTINGS;
  const hint = (name: keyof typeof inlayHints): boolean => {
    const value = member(member(sent, 'inlayHints'), name);
    return typeof value === 'boolean' ? value : inlayHints[name];
  };
  const level = (name: Lint): LintLevel => {
    const value = member(member(sent, 'lints'), name);
    return isLevel(value) ? value : lints[name];
  };
  return {
    inlayHints: { types: hint('types'), indices: hint('indices'), ends: hint('ends') },
    lints: {
      unused: level('unused'),
      unreachable: level('unreachable'),
      needlessMut: level('needlessMut'),
      shadow: level('shadow'),
    },
  };
}

function isLevel(value: unknown): value is LintLevel {
  return typeof value === 'string' && Object.hasOwn(SEVERITIES, value);
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
