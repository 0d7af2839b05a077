import { expect, test } from 'vitest';
import { guest } from '../support/guest.ts';
import { WorkbenchSession } from './support/session.ts';

const session = new WorkbenchSession();

/** A shop (2) that sells once, while a clock (3) ticks on. */
const SHOP = guest(`
  (func $main (export "_start")
    (drop (call $spawn (i64.const 0) (text "shop")))
    (drop (call $spawn (i64.const 0) (text "clock")))
    (call $forever))

  (func $shop (export "shop") (local $total i32)
    (local.set $total (call $price (i32.const 20)))
    (if (i32.eq (local.get $total) (i32.const 995))
      (then (call $print (text "sold for 995"))))
    (call $forever))

  (func $price (param $count i32) (result i32) (local $sum i32)
    (local.set $sum (i32.mul (local.get $count) (i32.const 3)))
    (local.set $sum (i32.sub (local.get $sum) (i32.const 5)))
    (local.get $sum))

  (func $clock (export "clock")
    (loop $on
      (call $print (text "tick"))
      (call $process.sleep_ms (i64.const 200))
      (br $on)))
`);

test('a breakpoint in the gutter of a text module stops one process there; it steps, and its variables are seen and set', async () => {
  const workbench = await session.open({ 'shop.wat': SHOP });
  const { page } = workbench;
  await workbench.isActive();
  await workbench.openFile('shop.wat');
  await workbench.setBreakpoint('(i32.mul (local.get $count)');
  await workbench.showView('Run and Debug');
  await workbench.debug();

  const top = page.locator('.debug-top-stack-frame-line');
  await top.first().waitFor();
  await workbench.thread('#2 shop').filter({ hasText: 'Paused on breakpoint' }).waitFor();
  await workbench.thread('#3 clock').filter({ hasText: 'Running' }).waitFor();
  await workbench.variable('$count', '20').waitFor();
  await workbench.variable('$sum', '0').waitFor();
  await workbench.hasCall(workbench.frame('price'));
  await workbench.frame('shop').first().waitFor();
  await workbench.ticks(3);
  // It is in the file itself, and no other text was opened.
  expect(await page.locator('.tab').allTextContents()).toEqual(['shop.wat']);
  await workbench.screenshot('debugging-breakpoint');

  await workbench.press('F10');
  await workbench.variable('$sum', '60').waitFor();
  await workbench.setVariable(workbench.variable('$sum', '60'), '1000');
  await workbench.variable('$sum', '1000').waitFor();
  await workbench.screenshot('debugging-step');
  await workbench.goOn();
  await workbench.printed('sold for 995');
});

/** A clock (2) that sends the root process the numbers from 0 to 7, over and over. */
const CLOCK = guest(`
  (func $main (export "_start")
    (drop (call $spawn (i64.const 0) (text "clock")))
    (loop $on
      (drop (call $receive))
      (nop)
      (br $on)))

  (func $clock (export "clock") (local $hour i64)
    (loop $on
      (call $send (i64.const 1) (local.get $hour) (i64.const 0))
      (local.set $hour (i64.and (i64.add (local.get $hour) (i64.const 1)) (i64.const 7)))
      (call $process.sleep_ms (i64.const 50))
      (br $on)))
`);

test('the filters leave room for breakpoints of one’s own; the condition of one says at which messages processes stop', async () => {
  const workbench = await session.open({ 'clock.wat': CLOCK });
  const { page } = workbench;
  await workbench.isActive();
  await workbench.openFile('clock.wat');
  await workbench.setBreakpoint('(nop)');
  await workbench.showView('Run and Debug');
  await workbench.debug();
  await workbench.thread('#1 _start').filter({ hasText: 'Paused on breakpoint' }).waitFor();

  const rows = page.locator('.debug-breakpoints .monaco-list-row');
  await rows.filter({ hasText: 'clock.wat' }).waitFor();
  const filters = ['Traps and Panics', 'Failed Exits', 'Kills', 'Actor Events'];
  expect((await rows.locator('.name').allTextContents()).slice(0, 5)).toEqual([...filters, 'clock.wat']);
  await workbench.screenshot('debugging-filters');

  const events = rows.filter({ hasText: 'Actor Events' });
  await workbench.menu(events, 'Edit Condition...');
  const input = page.locator('.debug-breakpoints input:focus');
  await input.fill('send tag == 5');
  await input.press('Enter');
  await events.filter({ hasText: 'send tag == 5' }).waitFor();
  const isOn = events.locator('input[type=checkbox], .monaco-checkbox').first();
  await isOn.click();
  await workbench.thread('#2 clock').filter({ hasText: 'Paused on message sent' }).waitFor();
  await page.locator('.exception-widget', { hasText: 'message sent to #1 _start: tag 5' }).waitFor();
  await workbench.screenshot('debugging-actor-event');
  // The window keeps what was chosen.
  await isOn.click();
});
