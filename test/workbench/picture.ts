/** Takes the picture of a process that is held: `node test/workbench/picture.ts`, after `npm run build`. */
import { join } from 'node:path';
import { projectFolder } from '../support/command.ts';
import { guest } from '../support/guest.ts';
import { PICTURE_SETTINGS } from './support/picture-settings.ts';
import { WorkbenchServer } from './support/server.ts';
import { Workspace } from './support/session.ts';
import { launchBrowser, Workbench } from './support/workbench.ts';

/** A bakery with an oven that is full, bakers who share a cake, one of them among nobody, and a clock. */
const BAKERY = guest(`
  (func $main (export "_start") (local $oven i64)
    (call $name (text "oven") (local.tee $oven (call $spawn (i64.const 0) (text "bake"))))
    (call $name (text "ada") (call $spawn (i64.const 0) (text "share_among_four")))
    (call $name (text "bob") (call $spawn (i64.const 0) (text "share_among_nobody")))
    (call $name (text "cleo") (call $spawn (i64.const 0) (text "share_among_four")))
    (call $name (text "clock") (call $spawn (i64.const 0) (text "tick")))
    (call $order (local.get $oven) (text "a loaf of rye"))
    (call $order (local.get $oven) (text "two baguettes"))
    (call $order (local.get $oven) (text "a cake for four"))
    (call $print (text "the bakery is open"))
    (call $forever))

  (func $bake (export "bake") (drop (call $receive_tag (i64.const 99) (i64.const -1))))

  (func $share_among_four (export "share_among_four")
    (call $share_the_cake (i32.const 12) (i32.const 4))
    (call $print (text "three slices for each of four guests"))
    (call $forever))

  (func $share_among_nobody (export "share_among_nobody")
    (call $process.sleep_ms (i64.const 300))
    (call $share_the_cake (i32.const 12) (i32.const 0)))

  (func $share_the_cake (param $slices i32) (param $guests i32)
    (drop (call $slices_for_each (local.get $slices) (local.get $guests))))

  (func $slices_for_each (param $slices i32) (param $guests i32) (result i32)
    (i32.div_u (local.get $slices) (local.get $guests)))

  (func $tick (export "tick") (loop $on (call $process.sleep_ms (i64.const 200)) (br $on)))

  (func $name (param $at i32) (param $length i32) (param $process i64)
    (call $registry.put (local.get $at) (local.get $length) (i64.const 0) (local.get $process)))

  (func $order (param $to i64) (param $at i32) (param $length i32)
    (call $message.create_data (i64.const 0) (i64.const 0))
    (drop (call $message.write_data (local.get $at) (local.get $length)))
    (drop (call $message.send (local.get $to))))
`);

const server = await WorkbenchServer.start({ settings: PICTURE_SETTINGS });
const browser = await launchBrowser();
const workspace = new Workspace({ 'bakery.wat': BAKERY });
const workbench = await Workbench.open(browser, server, { folder: workspace.folder });
await workbench.page.setViewportSize({ width: 1080, height: 560 });
await workbench.isActive();
await workbench.openFile('bakery.wat');
await workbench.showView('Run and Debug');
await workbench.debug();
await workbench.page.locator('.exception-widget', { hasText: 'divide by zero' }).waitFor();
await workbench.showView('Lunatic');
await workbench.process('#4 bob', 'trapped').waitFor();
await workbench.process('#6 clock').click();
await workbench.page.mouse.move(700, 500);
await workbench.page.locator('.monaco-hover:visible').waitFor({ state: 'detached' });
await workbench.page.screenshot({ path: join(projectFolder, 'media', 'editor.png') });
await browser.close();
await server.stop();
workspace.remove();
