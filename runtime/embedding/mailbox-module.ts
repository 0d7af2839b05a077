/**
 * The process behind a mailbox of the embedding program. It is a guest like any other, so that ids, links, monitors,
 * limits and the order of messages are what they are for all processes:
 *
 *     (module
 *       (import "lunatic::message" "receive" (func $receive (param i32 i32 i64) (result i32)))
 *       (import "lunatic::message" "get_tag" (func $tag (result i64)))
 *       (import "lunatic::message" "get_process_id" (func $process (result i64)))
 *       (import "lunatic::message" "data_size" (func $size (result i64)))
 *       (import "lunatic::message" "read_data" (func $read (param i32 i32) (result i32)))
 *       (import "host-mailbox" "take" (func $take (param i32 i64 i64 i32) (result i32)))
 *       (memory (export "memory") 1)
 *       (func (export "mailbox") (local $kind i32) (local $length i32) (local $missing i32)
 *         (loop $next
 *           (local.set $kind (call $receive (i32.const 0) (i32.const 0) (i64.const -1)))
 *           (local.set $length (i32.const 0))
 *           (if (i32.eqz (local.get $kind))
 *             (then
 *               (local.set $length (i32.wrap_i64 (call $size)))
 *               (local.set $missing
 *                 (i32.sub
 *                   (i32.wrap_i64 (i64.shr_u (i64.add (call $size) (i64.const 65535)) (i64.const 16)))
 *                   (memory.size)))
 *               (if (i32.gt_s (local.get $missing) (i32.const 0))
 *                 (then (drop (memory.grow (local.get $missing)))))
 *               (drop (call $read (i32.const 0) (local.get $length)))))
 *           (br_if $next (call $take (local.get $kind) (call $tag) (call $process) (local.get $length))))))
 */
export const MAILBOX_MODULE = Buffer.from(
  'AGFzbQEAAAABHQVgA39/fgF/YAABfmACf38Bf2AEf35+fwF/YAAAAqcBBhBsdW5hdGljOjptZXNzYWdlB3JlY2VpdmUAABBs' +
    'dW5hdGljOjptZXNzYWdlB2dldF90YWcAARBsdW5hdGljOjptZXNzYWdlDmdldF9wcm9jZXNzX2lkAAEQbHVuYXRpYzo6bWVz' +
    'c2FnZQlkYXRhX3NpemUAARBsdW5hdGljOjptZXNzYWdlCXJlYWRfZGF0YQACDGhvc3QtbWFpbGJveAR0YWtlAAMDAgEEBQMB' +
    'AAEHFAIGbWVtb3J5AgAHbWFpbGJveAAGClIBUAEDfwNAQQBBAEJ/EAAhAEEAIQEgAEUEQBADpyEBEANC//8DfEIQiKc/AGsh' +
    'AiACQQBKBEAgAkAAGgtBACABEAQaCyAAEAEQAiABEAUNAAsLAFkEbmFtZQEqBgAHcmVjZWl2ZQEDdGFnAgdwcm9jZXNzAwRz' +
    'aXplBARyZWFkBQR0YWtlAiYHAAABAAIAAwAEAAUABgMABGtpbmQBBmxlbmd0aAIHbWlzc2luZw==',
  'base64',
);

/** The function that its process runs. */
export const MAILBOX_ENTRY = 'mailbox';

/** The namespace of what it imports from the embedding program. */
export const MAILBOX_NAMESPACE = 'host-mailbox';
