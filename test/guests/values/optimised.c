/* Built with optimisation, so that some values are nowhere. Looked at where the process stands at "here". */
__attribute__((import_module("lunatic::process"), import_name("process_id"))) long long process_id(void);

int result;

__attribute__((noinline)) static int price(int count) {
    long long dropped = process_id();
    int known = 7;
    int sum = count * 3;
    result = sum + known; // here
    return sum;
}

__attribute__((always_inline)) static inline int halved(int count) {
    do __asm__ volatile("" : "+r"(count)); // halved
    while ((count /= 2) > 1);
    return count;
}

__attribute__((noinline)) static int halves(int count) {
    int first = halved(count); // one
    result = first;
    return first + halved(count + 40); // other
}

__attribute__((export_name("_start"))) void start(void) {
    result = halves(9);
    result = price(5) + price((int)process_id());
}
