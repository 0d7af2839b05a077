// Functions whose heads, or first loops, have breakpoints. Tests of the debugger find lines by the comments at their ends.
int total;

int turns(int count, const char *name) { // turns
  do {
    total += count; // turn
    count--;
  } while (count > 0);
  return name[0];
}

int endless(int count, const char *name) { // endless
  for (;;) { total++; if (--count == 0) break; } // each
  return name[0];
}

int one(int count, const char *name) { return count + name[0]; } // one

int apart(int count, // apart
          const char *name)
{
  return count + name[0]; // body
}

void empty(int count, const char *name) {} // empty

int skips(int count) {
  int sum = 0;
  while (count > 0) { // while
    count--;
    if (count == 1) continue;
    sum += count;
  }
  for (int i = 0; i < 2; i++) { // for
    sum++;
  }
  return sum;
}

__attribute__((export_name("_start"))) void start(void) {
  turns(3, "a");
  endless(2, "b");
  one(4, "c"); // call
  apart(5, "d");
  empty(6, "e");
  skips(3);
}
