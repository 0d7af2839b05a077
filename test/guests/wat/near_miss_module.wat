;; Imports from a module that does not exist, although its name is nearly right: `lunatic::message` is meant.
(module
  (import "lunatic::messages" "get_tag" (func $get_tag (result i64)))
  (func $main (export "_start")
    (drop (call $get_tag))))
