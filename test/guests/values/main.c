// A main without parameters, which compilers call otherwise.
int main(void) {
    int apples = 2;
    return 6 / (apples - 2);
}

__attribute__((export_name("_start"))) void begin(void) { main(); }
