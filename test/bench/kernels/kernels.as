// The kernels of kernels.ts in AssemblyScript. Each returns a checksum.

export function fib(n: u32): u32 {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

const flags = new StaticArray<u8>(1 << 18);

export function sieve(rounds: u32): u32 {
  let found: u32 = 0;
  while (rounds--) {
    const limit = flags.length;
    for (let i = 0; i < limit; i++) unchecked((flags[i] = 1));
    for (let i = 2; i * i < limit; i++) {
      if (unchecked(flags[i])) for (let j = i * i; j < limit; j += i) unchecked((flags[j] = 0));
    }
    for (let i = 2; i < limit; i++) found += unchecked(flags[i]);
  }
  return found;
}

const size = 96;
const a = new Float64Array(size * size);
const b = new Float64Array(size * size);
const c = new Float64Array(size * size);

export function matrix(rounds: u32): u32 {
  for (let i = 0; i < size * size; i++) {
    a[i] = i % 7;
    b[i] = i % 5;
  }
  while (rounds--) {
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        let sum: f64 = 0;
        for (let k = 0; k < size; k++) sum += a[i * size + k] * b[k * size + j];
        c[i * size + j] = sum;
      }
    }
  }
  return <u32>c[size * size - 1];
}

export function mandelbrot(pixels: u32): u32 {
  let inside: u32 = 0;
  for (let py: u32 = 0; py < pixels; py++) {
    for (let px: u32 = 0; px < pixels; px++) {
      const cx = (3.0 * px) / pixels - 2.0;
      const cy = (2.0 * py) / pixels - 1.0;
      let x: f64 = 0;
      let y: f64 = 0;
      let i = 0;
      for (; i < 200 && x * x + y * y < 4.0; i++) {
        const t = x * x - y * y + cx;
        y = 2 * x * y + cy;
        x = t;
      }
      inside += u32(i == 200);
    }
  }
  return inside;
}

class Body {
  x: f64 = 0;
  y: f64 = 0;
  z: f64 = 0;
  vx: f64 = 0;
  vy: f64 = 0;
  vz: f64 = 0;
  mass: f64 = 1;
}

export function nbody(steps: u32): u32 {
  const bodies = new Array<Body>();
  for (let i = 0; i < 5; i++) {
    const body = new Body();
    body.x = i * 3;
    body.y = i * 3 + 1;
    body.z = i * 3 + 2;
    body.mass = 1.0 / (i + 1);
    bodies.push(body);
  }
  while (steps--) {
    for (let i = 0; i < bodies.length; i++) {
      const p = bodies[i];
      for (let j = i + 1; j < bodies.length; j++) {
        const q = bodies[j];
        const dx = p.x - q.x;
        const dy = p.y - q.y;
        const dz = p.z - q.z;
        const d = dx * dx + dy * dy + dz * dz + 0.01;
        const f = 0.001 / (d * Math.sqrt(d));
        p.vx -= dx * q.mass * f;
        p.vy -= dy * q.mass * f;
        p.vz -= dz * q.mass * f;
        q.vx += dx * p.mass * f;
        q.vy += dy * p.mass * f;
        q.vz += dz * p.mass * f;
      }
    }
    for (let i = 0; i < bodies.length; i++) {
      const p = bodies[i];
      p.x += 0.001 * p.vx;
      p.y += 0.001 * p.vy;
      p.z += 0.001 * p.vz;
    }
  }
  return <u32>(bodies[0].x * 1e6);
}

const numbers = new StaticArray<u32>(1 << 14);

export function sort(rounds: u32): u32 {
  let seed: u32 = 42;
  while (rounds--) {
    for (let i = 0; i < numbers.length; i++) {
      seed = seed * 1664525 + 1013904223;
      numbers[i] = seed;
    }
    numbers.sort((x, y) => i32(x > y) - i32(x < y));
  }
  return numbers[1000];
}

export function search(rounds: u32): u32 {
  const text = 'the quick brown fox jumps over the lazy dog and runs '.repeat(200) + 'needle';
  let hits: u32 = 0;
  while (rounds--) hits += text.indexOf('needle', rounds & 15);
  return hits;
}

export function strings(rounds: u32): u32 {
  let total: u32 = 0;
  while (rounds--) {
    const parts = 'alpha,beta,gamma,delta,epsilon'.split(',');
    parts.reverse();
    const joined = parts.join('-');
    total += joined.length + joined.charCodeAt(rounds % joined.length);
  }
  return total;
}

export function map(rounds: u32): u32 {
  const counts = new Map<i32, i32>();
  let x: u32 = 1;
  while (rounds--) {
    x = x * 1664525 + 1013904223;
    const key = x >> 22;
    counts.set(key, (counts.has(key) ? counts.get(key) : 0) + 1);
  }
  return counts.size;
}

const k = new StaticArray<u32>(64);
const h = new StaticArray<u32>(8);
const w = new StaticArray<u32>(64);

export function sha256(blocks: u32): u32 {
  for (let i = 0; i < 64; i++) k[i] = 0x428a2f98 * (i * 2 + 1);
  for (let i = 0; i < 8; i++) h[i] = 0x6a09e667 * (i + 1);
  for (let block: u32 = 0; block < blocks; block++) {
    for (let i = 0; i < 16; i++) w[i] = block * 31 + i;
    for (let i = 16; i < 64; i++) {
      const s0 = rotr(w[i - 15], 7) ^ rotr(w[i - 15], 18) ^ (w[i - 15] >> 3);
      const s1 = rotr(w[i - 2], 17) ^ rotr(w[i - 2], 19) ^ (w[i - 2] >> 10);
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    let a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], last = h[7];
    for (let i = 0; i < 64; i++) {
      const t1 = last + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + ((e & f) ^ (~e & g)) + k[i] + w[i];
      const t2 = (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      last = g; g = f; f = e; e = d + t1;
      d = c; c = b; b = a; a = t1 + t2;
    }
    h[0] += a; h[1] += b; h[2] += c; h[3] += d; h[4] += e; h[5] += f; h[6] += g; h[7] += last;
  }
  return h[0];
}
