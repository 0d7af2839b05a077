/**
 * Environment variables that an editor gives its own OS processes and those that run extensions, or that its package has set for it
 * alone. VS Code takes the same ones from what its terminals run.
 */
const OF_EDITOR =
  /^(VSCODE|ELECTRON|SNAP|GDK_PIXBUF)_|^(SNAP|CHROME_DESKTOP|APPLICATION_INSIGHTS_NO_DIAGNOSTIC_CHANNEL)$/;

/** The names of the variables of this OS process that only concern the editor. */
export function editorVariables(): string[] {
  return Object.keys(process.env).filter((name) => OF_EDITOR.test(name));
}

/** The variables of this OS process for one of somebody else: those of the editor are left out. */
export function environmentForOthers(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !OF_EDITOR.test(name)));
}
