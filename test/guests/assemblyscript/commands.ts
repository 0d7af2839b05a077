// A conversation with a program of the operating system, and others that are asked in passing.

import { print } from "./lunatic";
import { Command, Mode, Stream } from "./command";

export { runProcess } from "./lunatic";

export function _start(): void {
  const cat = new Command("cat").connect(Stream.Input, Mode.Streamed).connect(Stream.Output, Mode.Streamed).start();
  for (let i = 1; i <= 3; i++) {
    cat.write(`line ${i}`);
    print(`cat says ${cat.read(Stream.Output)}`);
  }
  print(`and does not end by itself: ${cat.wait(1) == -1000}`);
  cat.closeInput();
  print(`but now, with ${cat.wait()}, and says "${cat.read(Stream.Output)}"`);

  const sh = new Command("sh").argument("-c").argument("echo $GREETING to $0; exit 7").argument("all")
    .variable("GREETING", "hello").connect(Stream.Output, Mode.Inherited).start();
  print(`sh ended with ${sh.wait()}`);

  const endless = new Command("sh").argument("-c").argument("kill -15 $$").start();
  print(`the other one with ${endless.wait()}`);

  const dropped = new Command("cat").connect(Stream.Input, Mode.Streamed).start();
  dropped.drop();
  print("dropped");
}
