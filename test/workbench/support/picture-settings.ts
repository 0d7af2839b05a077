/** Settings of a window of which a picture is taken: nothing in it but what the picture is about. */
export const PICTURE_SETTINGS = {
  'workbench.colorTheme': 'Default Dark Modern',
  'editor.minimap.enabled': false,
  'window.commandCenter': false,
  'workbench.layoutControl.enabled': false,
  'remote.autoForwardPorts': false,
  'debug.toolBarLocation': 'docked',
} as const;
