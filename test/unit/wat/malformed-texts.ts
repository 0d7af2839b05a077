import { mnemonics } from '../../../runtime/wat/index.ts';
import type { Random } from '../../fuzz/random.ts';

const SAMPLES = [
  `(module $m (import "lunatic::timer" "send_after" (func $send (param i64 i64) (result i64)))
  (type $t (sub (struct (field $x (mut i32)) (field i8)))) (rec (type $u (sub $t (struct (field $x (mut i32)) (field i8)))))
  (memory $mem (export "memory") 1) (global $g (mut i32) (i32.const 0)) (table $tab 1 funcref) (tag $e (param i32))
  (data $d (i32.const 0) "a\\00b") (elem $el (i32.const 0) func $f)
  ;; comment
  (func $f (param $a i32) (local $b (ref null $t)) (result i32)
    (block $done (result i32)
      loop $again
        local.get $a i32.const -0x1 i32.add local.tee $a br_if $again
      end
      (if (i32.eqz (local.get 0)) (then (br $done (i32.const 1))) (else (call $f (struct.get $t $x (local.get $b))) drop))
      (try_table (catch $e 0) (throw $e (i32.const 2)))
      unreachable)))`,
  `(func $g (import "wasi_snapshot_preview1" "fd_write") (param i32 i32 i32 i32) (result i32))
  (func (export "a") (result f64) f32.const 1.5 f64.promote_f32 (; nested (; one ;) ;) return nop)`,
];
const PIECES = [
  ...'( ) " $ ;; (; ;) \\ \n 0 -1 0x 1e999 $"" § \u{1f600} \ud800 (@a \t \r\n {} , ='.split(' '),
  ...'module func param result local type import export i32 (ref null end else block loop if then br 99'.split(
    ' ',
  ),
];

/** A text that was one of the samples, changed in some places. */
export function malformedText(random: Random): string {
  let text = random.pick(SAMPLES);
  for (let changes = 1 + random.below(6); changes > 0; changes--) text = edited(random, text);
  return text;
}

/** A text with a random edit: something else instead of some characters, or a part once more, or not at all. */
export function edited(random: Random, text: string): string {
  const at = random.below(text.length + 1);
  const to = Math.min(text.length, at + random.below(random.chance(0.2) ? 200 : 8));
  const piece = random.chance(0.3) ? random.pick(mnemonics()) : random.pick(PIECES);
  const part = random.chance(0.2) ? text.slice(at, to).repeat(random.below(4)) : piece;
  return text.slice(0, at) + part + text.slice(random.chance(0.5) ? at : to);
}
